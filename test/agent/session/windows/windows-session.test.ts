import { silentLog } from '../../../../agent/log';
import type { SessionRequest } from '../../../../agent/session/session';
import { WindowsSessions } from '../../../../agent/session/windows/windows-session';
import type { SessionPlan } from '../../../../contracts/agent-protocol';
import { PlayedWindows } from './support/played-windows';

let windows: PlayedWindows;
let port: WindowsSessions;

function machine(version: string, terminalServer?: string): void {
  windows = new PlayedWindows(`version-${version}.txt`, terminalServer);
  port = new WindowsSessions({ dataDir: 'C:\\data', log: silentLog, system: windows.parts });
}

function request(
  user: string,
  password: string | undefined,
  more: Partial<SessionRequest> = {},
): SessionRequest {
  const credential = password === undefined ? undefined : () => ({ user, password });
  return { mode: 'unattended', user, userKey: user, credential, ...more };
}

/** As the control plane sends it with reuse on (rows D2, D3). */
const reuse: SessionPlan = {
  cases: {
    none: ['create', 'Win10AlreadyHasActiveSession'],
    active: ['Win10AlreadyHasActiveSession', 'Win10AlreadyHasActiveSession'],
    locked: ['reuse', 'Win10AlreadyHasActiveSession'],
    disconnected: ['reuse', 'Win10AlreadyHasActiveSession'],
  },
  atEnd: 'lock',
};

describe('Windows 10', () => {
  beforeEach(() => machine('windows10'));

  test('C1, D1: signs in with the connection, reports each step, signs off at the end', async () => {
    const steps: string[] = [];
    const session = await port.open(request('ann', 'pass word', { tell: (step) => steps.push(step) }));
    expect(windows.sessions).toMatchObject([{ account: 'DESK\\ann', state: 'active' }]);
    expect((await port.report()).sessions).toEqual([]);
    session.spawn('node', ['worker.js'], { cwd: 'C:\\data\\runs\\r\\work', env: { A: '1' } });
    expect(windows.orders).toMatchObject([
      { sid: 'S-1-5-21-1-1-1-1001', job: { program: 'node', args: ['worker.js'], env: { A: '1' } } },
    ]);
    await session.close();
    expect(windows.sessions).toEqual([]);
    expect(windows.records.size).toBe(0);
    expect(steps).toEqual(['Signed in DESK\\ann, session 2.', 'Signed off DESK\\ann.']);
    // No password in any command.
    expect(windows.ran.join('\n')).not.toContain('pass word');
  });

  test.each(['active', 'locked', 'disconnected'] as const)(
    'C4: a session that is %s is in the way, whoever`s',
    async (state) => {
      for (const account of ['DESK\\ann', 'DESK\\bob']) {
        windows.sessions = [{ id: 1, account, state }];
        await expect(port.open(request('ann', 'pass word'))).rejects.toMatchObject({
          code: 'Win10AlreadyHasActiveSession',
        });
      }
    },
  );

  test('D2, D6: with reuse the session is locked at the end, used again, and made anew when it has vanished', async () => {
    const first = await port.open(request('ann', 'pass word', { plan: reuse }));
    await first.close();
    expect(windows.sessions).toMatchObject([{ account: 'DESK\\ann', state: 'disconnected' }]);
    expect((await port.report()).sessions).toMatchObject([{ user: 'DESK\\ann', state: 'disconnected' }]);
    const second = await port.open(request('DESK\\ann', 'pass word', { plan: reuse }));
    expect(windows.sessions).toHaveLength(1);
    await second.close();
    windows.sessions = [];
    const third = await port.open(request('ann', 'pass word', { plan: reuse }));
    await third.close();
    expect(windows.sessions).toMatchObject([{ state: 'disconnected' }]);
  });

  test('E1: attended needs the active session of exactly that account, by SID', async () => {
    const attended = (user: string) => port.open(request(user, undefined, { mode: 'attended' }));
    windows.sessions = [{ id: 1, account: 'CONTOSO\\ann', state: 'active' }];
    for (const same of ['CONTOSO\\ann', 'contoso\\ANN', 'ann@contoso.example'])
      await expect(attended(same)).resolves.toBeDefined();
    // The same name, another account.
    for (const other of ['ann', '.\\ann', 'DESK\\ann', 'bob', 'nobody', 'a/b'])
      await expect(attended(other)).rejects.toMatchObject({ code: 'AttendedUserNotLoggedIn' });
    windows.sessions = [{ id: 1, account: 'CONTOSO\\ann', state: 'locked' }];
    await expect(attended('CONTOSO\\ann')).rejects.toMatchObject({ code: 'AttendedUserSessionNotActive' });
  });

  test('E1: all names of an account have its SID, which is looked up once; sessions are reported with it', async () => {
    windows.sessions = [{ id: 1, account: 'CONTOSO\\ann', state: 'active' }];
    const names = ['contoso\\ann', 'ann@contoso.example', 'desk\\ann', 'nobody', '@agent'];
    const ids = await Promise.all(names.map((name) => port.accountOf(name)));
    const [sid, local] = ['sid:S-1-5-21-2-2-2-1001', 'sid:S-1-5-21-1-1-1-1001'];
    expect(ids).toEqual([sid, sid, local, undefined, undefined]);
    expect((await port.report()).sessions).toMatchObject([{ user: 'CONTOSO\\ann', account: sid }]);
    const commands = windows.ran.length;
    expect(await port.accountOf('contoso\\ann')).toBe(sid);
    expect(windows.ran).toHaveLength(commands);
  });

  test('B9: an account is known or not, its password accepted or refused', async () => {
    const check = (user: string, password?: string) =>
      port.check({
        user,
        ...(password === undefined ? {} : { credential: () => ({ user, password }) }),
      });
    expect(await check('.\\ann', 'pass word')).toMatchObject({
      user: 'known',
      userId: 'S-1-5-21-1-1-1-1001',
      password: 'accepted',
    });
    expect(await check('ann', 'wrong')).toMatchObject({
      password: 'refused',
      error: { code: 'SessionCreationInvalidCredentials' },
    });
    expect(await check('nobody')).toMatchObject({ user: 'unknown' });
    expect(await check('ann')).toMatchObject({ user: 'known', password: 'notChecked' });
  });

  test.each([
    ['wrong', 'SessionCreationInvalidCredentials'],
    [undefined, 'SessionCreationInvalidCredentials'],
  ])('C1: password %s is refused before anything is signed in', async (password, code) => {
    await expect(port.open(request('ann', password))).rejects.toMatchObject({ code });
    expect(windows.sessions).toEqual([]);
  });

  test('C3: the built-in administrator is refused', async () => {
    await expect(port.open(request('Administrator', 'root'))).rejects.toMatchObject({
      code: 'ElevationNotAllowed',
    });
  });

  test('C7: no FreeRDP, no Remote Desktop, a client that fails, and one that never arrives are said', async () => {
    windows.clientFails = 'ERRCONNECT_LOGON_TYPE_NOT_GRANTED';
    await expect(port.open(request('ann', 'pass word'))).rejects.toMatchObject({
      code: 'SessionCreationError',
      message: expect.stringContaining('Remote Desktop Users') as string,
    });
    windows.freeRdp = undefined;
    await expect(port.open(request('ann', 'pass word'))).rejects.toMatchObject({
      code: 'SessionCreationError',
      message: expect.stringContaining('FreeRDP') as string,
    });
  });

  test('a screen that is taken away under the run ends it', async () => {
    const session = await port.open(request('ann', 'pass word'));
    const lost = new Promise((resolve) => session.lost?.addEventListener('abort', resolve));
    windows.dropClient();
    await lost;
    expect(session.lost?.reason).toContain('taken away');
    await session.close();
    expect(windows.sessions).toEqual([]);
  });

  test('a session that a killed agent left is signed off; a locked one and those of people stay', async () => {
    windows.sessions = [
      { id: 2, account: 'DESK\\ann', state: 'active' },
      { id: 3, account: 'DESK\\bob', state: 'disconnected' },
      { id: 4, account: 'CONTOSO\\ann', state: 'active' },
    ];
    const { records } = windows.parts;
    await records.put({ id: 2, sid: 'S-1-5-21-1-1-1-1001', state: 'used' });
    await records.put({ id: 3, sid: 'S-1-5-21-1-1-1-1002', state: 'kept' });
    // Another user's session has this number now.
    await records.put({ id: 4, sid: 'S-1-5-21-1-1-1-1001', state: 'used' });
    await port.recover();
    expect(windows.sessions.map(({ id }) => id)).toEqual([3, 4]);
    expect([...windows.records.keys()]).toEqual([3]);
  });
});

describe('sessions that the agent holds', () => {
  beforeEach(() => machine('windows10'));
  const since = '1970-01-01T00:00:00.000Z';

  test('D2: they are listed with run and user; one is taken from its run, which is told why', async () => {
    const session = await port.open(request('ann', 'pass word', { run: 'R-1', plan: reuse }));
    const [held] = port.held();
    expect(held).toEqual({ id: expect.any(String), user: 'DESK\\ann', state: 'used', run: 'R-1', since });
    session.lost?.addEventListener('abort', () => void session.close());
    expect(await port.endHeld(held?.id ?? '', 'bob has ended it.')).toBe(true);
    expect(session.lost?.reason).toBe('bob has ended it.');
    expect([port.held(), windows.sessions]).toEqual([[], []]);
    expect(await port.endHeld('77', 'x')).toBe(false);
  });

  test('D2: a kept one is signed off; a number that is another user`s session by now is left alone', async () => {
    await (await port.open(request('ann', 'pass word', { plan: reuse }))).close();
    const [held] = port.held();
    expect(held).toMatchObject({ user: 'DESK\\ann', state: 'kept' });
    const mine = windows.sessions;
    windows.sessions = mine.map((session) => ({ ...session, account: 'DESK\\bob' }));
    expect(await port.endHeld(held?.id ?? '', 'x')).toBe(true);
    expect([windows.sessions.length, port.held()]).toEqual([1, []]);
  });
});

describe('Windows Server', () => {
  test.each(['active', 'locked', 'disconnected'] as const)(
    'C5: the user`s own session that is %s is in the way',
    async (state) => {
      machine('server2022');
      windows.sessions = [{ id: 1, account: 'DESK\\ann', state }];
      await expect(port.open(request('ann', 'pass word'))).rejects.toMatchObject({
        code: 'SessionExistsForTheUserWhenUnattended',
      });
    },
  );

  test('C9, G2: others are not in the way, up to two sessions; more with Remote Desktop Services', async () => {
    const others = [
      { id: 11, account: 'DESK\\bob', state: 'active' as const },
      { id: 12, account: 'CONTOSO\\ann', state: 'locked' as const },
    ];
    machine('server2019');
    windows.sessions = others.slice(0, 1);
    await (await port.open(request('ann', 'pass word'))).close();
    windows.sessions = [...others];
    await expect(port.open(request('ann', 'pass word'))).rejects.toMatchObject({
      code: 'TooManyActiveSessions',
    });
    expect(await port.report()).toMatchObject({ os: 'server2019', rds: false, maxSessions: 2 });
    machine('server2019', 'terminal-server-rds.txt');
    windows.sessions = [...others];
    await (await port.open(request('ann', 'pass word'))).close();
    expect(windows.sessions).toEqual(others);
    expect(await port.report()).toMatchObject({
      rds: true,
      maxSessions: 999_999,
      multipleSessionsPerUser: true,
    });
  });
});
