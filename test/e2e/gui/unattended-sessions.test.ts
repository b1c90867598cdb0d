import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseSessionKind } from '../../../agent/session/choose';
import { findTool } from '../../../agent/session/linux/tools';
import { until } from '../support/until';
import { MachineUser, requireMachine } from './support/machine-user';
import { colorWindow, look, Machine, request, runIn, shows } from './support/screens';

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

test('C1 C2 C6 G1: two users run side by side, each on a screen of their own that the other cannot see', async () => {
  const steps: string[] = [];
  const [one, other] = await Promise.all([
    machine.port.open(request(ada, { tell: (step) => steps.push(step) })),
    machine.port.open(request(bob)),
  ]);
  colorWindow(one, '#ff8800');
  colorWindow(other, '#0044cc');
  const [seen, seenOther] = await Promise.all([shows(one, '#ff8800'), shows(other, '#0044cc')]);
  expect([seen.width, seen.height]).toEqual([1280, 800]);
  expect([seen.count('#0044cc'), seenOther.count('#ff8800')]).toEqual([0, 0]);

  const display = { ...other.env, DISPLAY: one.env['DISPLAY'] ?? '' };
  const peek = await runIn(other, ['xdotool', 'getdisplaygeometry'], display);
  expect(peek.code).not.toBe(0);
  const steal = await runIn(other, ['cat', one.env['XAUTHORITY'] ?? '']);
  expect(steal.out).toMatch(/Permission denied/);

  await Promise.all([one.close(), other.close()]);
  expect([...ada.processes().values(), ...bob.processes().values()]).toEqual([]);
  expect(steps).toEqual([
    expect.stringMatching(`Signed in ${ada.name} on display :\\d+`),
    `Signed out ${ada.name}.`,
  ]);
});

test('C1 C3: programs are the user, with the groups of the user, none of the privileges and nothing of the agent', async () => {
  execFileSync('usermod', ['-aG', 'audio', ada.name]);
  process.env['ATTENDANT_TEST_SECRET'] = 'of the agent';
  const session = await machine.port.open(request(ada));
  delete process.env['ATTENDANT_TEST_SECRET'];
  const folder = session.env['XDG_RUNTIME_DIR'] ?? '';
  const { out } = await runIn(session, [
    'sh',
    '-c',
    'id -un; id -Gn; env; cat /proc/self/status /proc/self/limits',
  ]);
  const [name, groups] = out.split('\n');
  expect(name).toBe(ada.name);
  expect(groups?.split(' ').sort()).toEqual([ada.name, 'audio'].sort());
  expect(out).not.toContain('of the agent');
  expect(out).toContain(`HOME=${ada.home}\n`);
  expect(out).toMatch(/XDG_CONFIG_HOME=\/home\/att\w+\/\.config/);
  expect(out).toMatch(/NoNewPrivs:\t1/);
  expect(out).toMatch(/CapPrm:\t0+\n/);
  // A fork bomb ends itself.
  expect(out).toMatch(/Max processes +4096 +4096/);
  expect([lstatSync(folder).uid, lstatSync(folder).mode & 0o777]).toEqual([ada.uid, 0o700]);
  // Where a message bus is installed, the session has one of its own.
  const bus = await runIn(session, [
    'sh',
    '-c',
    'command -v dbus-daemon >/dev/null && test -S "$XDG_RUNTIME_DIR/bus"',
  ]);
  expect(bus.code === 0).toBe('DBUS_SESSION_BUS_ADDRESS' in session.env);
  const display = session.env['DISPLAY']?.slice(1) ?? '';
  await session.close();
  expect(readdirSync('/tmp/.X11-unix')).not.toContain(`X${display}`);
  expect(readdirSync('/tmp')).not.toContain(`.X${display}-lock`);
  expect(readdirSync('/run/attendant')).not.toContain(folder.split('/').at(-2));
});

describe('who may not sign in, and why', () => {
  const refusal = (code: string, why: RegExp) => ({ code, message: expect.stringMatching(why) as string });
  const open = (more = {}) => machine.port.open(request(bob, more));
  const credential = () => ({ user: bob.name, password: 'not this one' });

  test('C7: a wrong password, none at all, one with a line end: SessionCreationInvalidCredentials', async () => {
    const code = 'SessionCreationInvalidCredentials';
    await expect(open({ credential })).rejects.toMatchObject(refusal(code, /password of att\w+ was refused/));
    await expect(open({ credential: undefined })).rejects.toMatchObject(refusal(code, /has no password/));
    const broken = () => ({ user: bob.name, password: `${bob.password}\nx` });
    await expect(open({ credential: broken })).rejects.toMatchObject(refusal(code, /refused/));
    expect(bob.processes().size).toBe(0);
  });

  test('an unknown user: SessionCreationInvalidCredentials; the administrator: ElevationNotAllowed (C3)', async () => {
    const unknown = refusal('SessionCreationInvalidCredentials', /no account "nobody-of-that-name"/);
    await expect(open({ user: 'nobody-of-that-name' })).rejects.toMatchObject(unknown);
    await expect(open({ user: 'root' })).rejects.toMatchObject(refusal('ElevationNotAllowed', /uid 0/));
  });

  test('a locked, an expired, a shell-less account, a password to be changed: SessionCreationAccountLocked', async () => {
    const code = 'SessionCreationAccountLocked';
    const cases: [string[], RegExp, string[]][] = [
      [['usermod', '--lock'], /is locked/, ['usermod', '--unlock']],
      [['chage', '--expiredate', '1'], /has expired/, ['chage', '--expiredate', '-1']],
      [['chage', '--lastday', '0'], /is to be changed/, ['chage', '--lastday', '2026-01-01']],
      [['usermod', '--shell', '/usr/sbin/nologin'], /shell/, ['usermod', '--shell', '/bin/bash']],
    ];
    for (const [[set = '', ...args], why, [unset = '', ...back]] of cases) {
      execFileSync(set, [...args, bob.name]);
      await expect(open()).rejects.toMatchObject(refusal(code, why));
      execFileSync(unset, [...back, bob.name]);
    }
    await (await open()).close();
  });

  test('B9: the test of a connection says the same', async () => {
    const check = (of: object) => machine.port.check({ user: bob.name, ...of });
    const right = () => ({ user: bob.name, password: bob.password });
    expect(await check({ credential: right })).toEqual({
      user: 'known',
      userId: String(bob.uid),
      password: 'accepted',
    });
    expect(await check({ credential })).toMatchObject({
      password: 'refused',
      error: { code: 'SessionCreationInvalidCredentials' },
    });
    expect(await check({ user: 'nobody-of-that-name' })).toMatchObject({ user: 'unknown' });
  });
});

describe.each([
  ['with control groups', true],
  ['without control groups', false],
])('sign-out, %s', (_how, cgroups) => {
  const place = new Machine({ cgroups });
  afterAll(() => place.clean());

  test('C1 D1: daemons that have left the session and cleaned their environment are ended too, a person’s own programs are not', async () => {
    const own = ada.spawn(['sleep', '600']);
    const session = await place.port.open(request(ada));
    const daemon =
      'setsid sh -c "sleep 601 & exec sleep 602" & env -i setsid sh -c "trap \\"\\" TERM; sleep 603 & wait; wait" &';
    await runIn(session, ['sh', '-c', `(${daemon}) >/dev/null 2>&1`]);
    const bare = await until('daemons without the mark', () => {
      const left = [...ada.processes()].filter(([, line]) => /^(sleep|sh)/.test(line));
      return left.filter(([, line]) => /60[123]$/.test(line)).length === 3 ? left : undefined;
    });
    expect(bare.length).toBeGreaterThanOrEqual(5);
    await session.close();
    expect([...ada.processes()]).toEqual([[own.pid, 'sleep 600']]);
    own.kill();
    await until('the person’s program to end', () => ada.processes().size === 0);
  });

  test('L4: sessions of a killed agent are ended by the next one', async () => {
    const session = await place.port.open(request(ada));
    colorWindow(session, '#ff8800');
    await shows(session, '#ff8800');
    const display = session.env['DISPLAY']?.slice(1);
    await place.restart().recover();
    expect([...ada.processes().values()]).toEqual([]);
    expect(readdirSync('/tmp/.X11-unix')).not.toContain(`X${display}`);
    expect(readdirSync('/tmp')).not.toContain(`.X${display}-lock`);
    expect(readdirSync(join(place.dataDir, 'sessions'))).toEqual([]);
    expect(session.lost?.aborted).toBe(true);
  });
});

test('J1: the X server is killed: the session is lost and says so', async () => {
  const session = await machine.port.open(request(ada));
  const [server] = [...ada.processes()].find(([, line]) => line.startsWith('Xvfb')) ?? [];
  const lost = new Promise((resolve) => session.lost?.addEventListener('abort', resolve));
  process.kill(server ?? 0, 'SIGKILL');
  await lost;
  expect(session.lost?.reason).toMatch(/X server of display :\d+ has ended/);
  await session.close();
  expect(ada.processes().size).toBe(0);
});

test('C7 J1: without Xvfb no session can be made, and the reason tells what to install', async () => {
  const without = (name: string) => (name === 'Xvfb' ? undefined : findTool(name));
  const bare = new Machine({ findTool: without });
  await expect(bare.port.open(request(ada))).rejects.toMatchObject({
    code: 'SessionCreationError',
    message: expect.stringContaining('apt-get install xvfb') as string,
  });
  expect(ada.processes().size).toBe(0);
  await bare.clean();
  expect(chooseSessionKind('auto', without)).toMatchObject({ kind: 'own' });
  expect(chooseSessionKind('auto')).toMatchObject({ kind: 'linux' });
  expect(chooseSessionKind('own')).toMatchObject({ kind: 'own' });
  expect(() => chooseSessionKind('linux', () => undefined)).toThrow(/setpriv is not installed/);
});

test('G2: at the maximum a run gets TooManyActiveSessions', async () => {
  const small = new Machine({ maxSessions: 1 });
  const session = await small.port.open(request(ada));
  await expect(small.port.open(request(bob))).rejects.toMatchObject({
    code: 'TooManyActiveSessions',
    message: 'The agent has 1 of 1 sessions here.',
  });
  expect(await small.port.report()).toMatchObject({ os: 'linux', maxSessions: 1 });
  await session.close();
  await (await small.port.open(request(bob))).close();
  await small.clean();
});

test('what a user lays in the place of the screen is not read', async () => {
  const session = await machine.port.open(request(ada));
  const screen = join(session.env['XDG_RUNTIME_DIR'] ?? '', '../screen/Xvfb_screen0');
  writeFileSync(join(machine.dataDir, 'secret'), 'secret');
  await runIn(session, ['ln', '-sf', join(machine.dataDir, 'secret'), screen]);
  await expect(look(session)).rejects.toThrow(/ELOOP/);
  await session.close();
});
