import { rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { until } from '../support/until';
import { MachineUser, requireMachine } from './support/machine-user';
import { colorWindow, Machine, request, runIn, shows } from './support/screens';

/** Row E1 on a machine without logind: the user's display, and whether it is locked. */
let ada: MachineUser;
let namesake: MachineUser;
let display: string;
const machine = new Machine();
beforeAll(async () => {
  requireMachine();
  ada = new MachineUser();
  // To some people, and to Windows, these two are one.
  namesake = new MachineUser(ada.name.replace('att', 'Att'));
  display = await ada.desktop('640x480x24');
  // A program of the person's own, whose environment tells how to take part.
  ada.spawn(['sleep', '600'], { DISPLAY: display, GTK_THEME: 'of-the-person', SECRET_OF_THE_PERSON: 'x' });
  await until('a program on the desktop', () => [...ada.processes().values()].includes('sleep 600'));
});
afterAll(async () => {
  await ada?.remove();
  await namesake?.remove();
  await machine.clean();
});

const attended = (user: string) =>
  machine.port.open(request(ada, { mode: 'attended', user, credential: undefined }));

test('E1: an attended run takes part in the active session of its user, and leaves it as it is', async () => {
  expect((await machine.port.report()).sessions).toContainEqual({
    user: ada.name,
    userKey: ada.name,
    account: expect.stringMatching(/^uid:\d+$/) as string,
    aliases: expect.arrayContaining([`.\\${ada.name}`]) as string[],
    state: 'active',
  });
  const session = await attended(ada.name);
  expect(session.env).toMatchObject({ DISPLAY: display, GTK_THEME: 'of-the-person', HOME: ada.home });
  expect(session.env).not.toHaveProperty('SECRET_OF_THE_PERSON');
  expect((await runIn(session, ['sh', '-c', 'id -un; xdotool getdisplaygeometry'])).out).toBe(
    `${ada.name}\n640 480\n`,
  );
  await session.close();
  expect([...ada.processes().values()]).toContain('sleep 600');
});

test('L8: the screen of a person can be seen while an attended run takes part in it', async () => {
  const session = await attended(ada.name);
  const window = colorWindow(session, '#ff8800');
  expect((await shows(session, '#ff8800')).width).toBe(640);
  window.kill();
});

test('E1: the account is found in each form of its name', async () => {
  const host = os.hostname().split('.')[0] ?? '';
  for (const name of [ada.name, `.\\${ada.name}`, `${host}\\${ada.name}`])
    expect((await attended(name)).env['DISPLAY']).toBe(display);
});

test.each([
  ['a domain that this machine does not know', (name: string) => `ELSEWHERE\\${name}`],
  ['a mail address that this machine does not know', (name: string) => `${name}@elsewhere.example`],
  ['a uid', () => String(ada.uid)],
])('E1: %s is nobody here: AttendedUserNotLoggedIn', async (_what, form) => {
  await expect(attended(form(ada.name))).rejects.toMatchObject({
    code: 'AttendedUserNotLoggedIn',
    message: expect.stringContaining('There is no account') as string,
  });
});

test('E1: a user whose name looks alike does not get the session', async () => {
  await expect(attended(namesake.name)).rejects.toMatchObject({
    code: 'AttendedUserNotLoggedIn',
    message: `Sessions of ${namesake.name} here: none.`,
  });
});

test('E1: what a killed X server leaves behind is no session', async () => {
  const number = (await namesake.desktop('640x480x24')).slice(1);
  await expect(attended(namesake.name)).resolves.toMatchObject({ env: { DISPLAY: `:${number}` } });
  for (const pid of namesake.processes().keys()) process.kill(pid, 'SIGKILL');
  await expect(attended(namesake.name)).rejects.toMatchObject({ code: 'AttendedUserNotLoggedIn' });
  for (const file of [`/tmp/.X11-unix/X${number}`, `/tmp/.X${number}-lock`]) rmSync(file);
});

test('E1: a locked session is AttendedUserSessionNotActive', async () => {
  const marker = join(ada.home, '.attendant-locked');
  writeFileSync(marker, '');
  await expect(attended(ada.name)).rejects.toMatchObject({
    code: 'AttendedUserSessionNotActive',
    message: `Sessions of ${ada.name} here: locked.`,
  });
  rmSync(marker);
  await (await attended(ada.name)).close();
});

test('C6 C9 D2: an unattended run of a person who is signed in gets a screen of its own all the same', async () => {
  for (const reuse of [false, true]) {
    const session = await machine.port.open(request(ada, { reuse }));
    expect(session.env['DISPLAY']).not.toBe(display);
    await session.close();
  }
  expect([...ada.processes().values()]).toContain('sleep 600');
});
