import { copyFileSync, chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { leftSessions } from '../../../agent/session/left-sessions';
import type { Session } from '../../../agent/session/session';
import { MachineUser, requireMachine } from './support/machine-user';
import { colorWindow, look, Machine, request, runIn, shows } from './support/screens';

/** Rows D1–D6 on Linux: what a kept session is, and who can use it. */
let ada: MachineUser;
let bob: MachineUser;
const machine = new Machine();
beforeAll(() => {
  requireMachine();
  ada = new MachineUser();
  bob = new MachineUser();
});
afterAll(async () => {
  await ada?.remove();
  await bob?.remove();
  await machine.clean();
});

const reuse = (user: MachineUser) => machine.port.open(request(user, { reuse: true }));
const server = (): number | undefined =>
  [...ada.processes()].find(([, line]) => line.startsWith('Xvfb'))?.[0];
const sizeOfScreen = (session: Session, env = session.env) =>
  runIn(session, ['xdotool', 'getdisplaygeometry'], env);

test('D2: the session stays, locked: its clients are ended, the old cookie is refused, the next run is let in', async () => {
  const first = await reuse(ada);
  const window = colorWindow(first, '#ff8800');
  await shows(first, '#ff8800');
  const before = server();
  const copy = join(ada.home, 'copied-cookie');
  const authority = first.env['XAUTHORITY'] ?? '';
  copyFileSync(authority, copy);
  chownSync(copy, ada.uid, ada.gid);
  const withCopy = { ...first.env, XAUTHORITY: copy };
  expect((await sizeOfScreen(first, withCopy)).out).toBe('1280 800\n');
  await first.close();

  expect(window.exitCode ?? window.signalCode).not.toBeNull();
  expect(server()).toBe(before);
  expect([...ada.processes().values()].map((line) => line.split(' ')[0])).toEqual(['Xvfb', 'dbus-daemon']);
  expect((await machine.port.report()).sessions).toContainEqual(
    expect.objectContaining({ userKey: ada.name, state: 'locked' }),
  );
  // While it is locked not even a program of the same user gets in: with the old cookie, the file that it knew, or none.
  for (const env of [withCopy, first.env, { ...first.env, XAUTHORITY: '/nonexistent' }])
    expect(await sizeOfScreen(first, env)).toMatchObject({ code: 1 });

  const second = await reuse(ada);
  expect([second.env['DISPLAY'], server()]).toEqual([first.env['DISPLAY'], before]);
  expect((await sizeOfScreen(second)).out).toBe('1280 800\n');
  expect(await sizeOfScreen(second, withCopy)).toMatchObject({ code: 1 });
  expect((await look(second)).count('#ff8800')).toBe(0);
  colorWindow(second, '#0044cc');
  await shows(second, '#0044cc');
  await second.close();
});

test('D2 E1: another user never gets a kept session, and a wrong password does not open it', async () => {
  const other = await reuse(bob);
  expect(other.env['DISPLAY']).not.toBe((await keptDisplay()) ?? 'none');
  await other.close();
  const wrong = { reuse: true, credential: () => ({ user: ada.name, password: 'wrong' }) };
  await expect(machine.port.open(request(ada, wrong))).rejects.toMatchObject({
    code: 'SessionCreationInvalidCredentials',
  });
});

async function keptDisplay(): Promise<string | undefined> {
  const pid = server();
  return pid === undefined ? undefined : readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1];
}

test('D2: a kept session outlives the agent and is known to the next one', async () => {
  const before = server();
  expect(before).toBeDefined();
  await machine.restart().recover();
  expect(server()).toBe(before);
  const session = await reuse(ada);
  expect(server()).toBe(before);
  await session.close();
});

test('D6: a kept session that has vanished is made anew, as if the machine had restarted', async () => {
  const before = server();
  for (const pid of ada.processes().keys()) process.kill(pid, 'SIGKILL');
  const session = await reuse(ada);
  expect(server()).not.toBe(before);
  expect((await sizeOfScreen(session)).out).toBe('1280 800\n');
  await session.close();
});

test('D1: with reuse turned off the kept session is ended and the run gets a new one', async () => {
  const before = server();
  expect(before).toBeDefined();
  const session = await machine.port.open(request(ada));
  expect(server()).not.toBe(before);
  await session.close();
  expect(ada.processes().size).toBe(0);
});

test('G2: a kept session gives way to a run that needs its place', async () => {
  const small = new Machine({ maxSessions: 1 });
  await (await small.port.open(request(ada, { reuse: true }))).close();
  expect(ada.processes().size).toBeGreaterThan(0);
  const session = await small.port.open(request(bob));
  expect(ada.processes().size).toBe(0);
  await session.close();
  await small.clean();
});

test('D2: the sessions that the agent holds can be listed and ended by hand, with a run in them too', async () => {
  for (const { id } of machine.port.held()) await machine.port.endHeld(id, 'over');
  const kept = await reuse(ada);
  await kept.close();
  const used = await machine.port.open(request(bob, { reuse: true, run: 'R-1' }));
  expect(machine.port.held()).toEqual([
    {
      id: expect.any(String),
      user: ada.name,
      display: kept.env['DISPLAY'],
      state: 'kept',
      since: expect.any(String),
    },
    {
      id: expect.any(String),
      user: bob.name,
      display: used.env['DISPLAY'],
      state: 'used',
      run: 'R-1',
      since: expect.stringMatching(/^20/),
    },
  ]);
  expect(await leftSessions(machine.dataDir)).toEqual(machine.port.held());
  const [ofAda, ofBob] = machine.port.held().map(({ id }) => id);
  colorWindow(used, '#ff8800');
  await shows(used, '#ff8800');
  // As the runner does: a run whose session is lost leaves it.
  used.lost?.addEventListener('abort', () => void used.close());
  expect(await machine.port.endHeld(ofBob ?? '', 'root has ended it.')).toBe(true);
  expect(used.lost?.reason).toBe('root has ended it.');
  expect([...bob.processes().values()]).toEqual([]);
  expect(await machine.port.endHeld(ofAda ?? '', 'x')).toBe(true);
  expect([...ada.processes().values()]).toEqual([]);
  expect(machine.port.held()).toEqual([]);
  expect(await machine.port.endHeld(ofAda ?? '', 'x')).toBe(false);
});
