import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { desktopSpawn } from '../../../agent/console/desktop';
import { notifySend } from '../../../agent/console/notify-send';
import { linuxUsers } from '../../../agent/console/users';
import { openInBrowser } from '../../../agent/console/window';
import { silentLog } from '../../../agent/log';
import { ConsoleFixture } from '../../support/agent/console-fixture';
import { until } from '../support/until';
import { MachineUser, requireMachine } from './support/machine-user';
import { Machine } from './support/screens';

/** Says on whose behalf and where it was started, with its arguments; where it has buttons, the first one is pressed. */
const PROGRAM = `#!/bin/sh
out="$(dirname "$0")/said-$(id -un)"
{ id -un; echo "$DISPLAY"; echo "$DBUS_SESSION_BUS_ADDRESS"; printf '%s\\n' "$@"; echo end; } > "$out.next"
mv "$out.next" "$out"
echo 7
case "$*" in *--action=pause*) echo pause;; esac
`;

/** The console of an agent that serves every user of the machine (row K3), with real users at real desktops. */
describe('the console of a machine that people share', () => {
  const machine = new Machine();
  let ada: MachineUser;
  let bob: MachineUser;
  let away: MachineUser;
  let fixture: ConsoleFixture;
  let folder: string;
  let tools: string;
  let program: string;
  let port: number;
  const displays = new Map<MachineUser, string>();

  beforeAll(async () => {
    requireMachine();
    [ada, bob, away] = [new MachineUser(), new MachineUser(), new MachineUser()];
    for (const user of [ada, bob]) {
      const display = await user.desktop('640x480x24');
      displays.set(user, display);
      user.spawn(['sleep', '600'], { DISPLAY: display });
      await until('a program on the desktop', () => [...user.processes().values()].includes('sleep 600'));
    }
    folder = mkdtempSync(join(tmpdir(), 'attendant-console-'));
    tools = mkdtempSync(join(tmpdir(), 'attendant-tools-'));
    chmodSync(tools, 0o777);
    program = join(tools, 'program');
    writeFileSync(program, PROGRAM);
    chmodSync(program, 0o755);
    fixture = new ConsoleFixture();
    await fixture.register();
    const openPage = openInBrowser(desktopSpawn(machine.port), silentLog, () => program);
    const options = { users: linuxUsers(), folder, openPage };
    port = (await fixture.startWithConsole(options, { session: machine.port })).consolePort ?? 0;
  });
  afterAll(async () => {
    await fixture?.end();
    for (const user of [ada, bob, away]) await user?.remove();
    await machine.clean();
    for (const made of [folder, tools]) rmSync(made, { recursive: true, force: true });
  });
  beforeEach(() => {
    for (const name of readdirSync(tools)) if (name.startsWith('said-')) rmSync(join(tools, name));
  });

  async function post(route: string, body: object, token = ''): Promise<Response> {
    return fetch(`http://127.0.0.1:${port}/api/${route}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
  }

  /** The exit code of a command of the user. */
  function as(user: MachineUser, command: [string, ...string[]]): Promise<number | null> {
    return new Promise((resolve) => user.spawn(command).on('exit', resolve));
  }

  /** What the program has said that was started for the user. */
  async function said(user: MachineUser): Promise<string[]> {
    const file = join(tools, `said-${user.name}`);
    await until(`a program on the desktop of ${user.name}`, () => existsSync(file));
    return readFileSync(file, 'utf8').trim().split('\n');
  }

  async function knock(user: MachineUser): Promise<string> {
    expect((await post('knock', { user: user.name })).status).toBe(204);
    return join(folder, `${user.uid}.token`);
  }

  test('K3: a token can be read by its user alone; nobody else sees, lists or replaces what lies there', async () => {
    const file = await knock(ada);
    await knock(bob);
    const { uid, mode } = statSync(file);
    expect([uid, mode & 0o777, statSync(folder).mode & 0o777]).toEqual([ada.uid, 0o600, 0o711]);
    expect(await as(ada, ['cat', file])).toBe(0);
    expect(await as(bob, ['cat', file])).not.toBe(0);
    expect(await as(bob, ['ls', folder])).not.toBe(0);
    expect(await as(bob, ['touch', join(folder, 'x')])).not.toBe(0);
    expect(await as(bob, ['mv', file, join(folder, 'y')])).not.toBe(0);
    expect(await as(ada, ['rm', '-f', file])).not.toBe(0);
    // In whatever form it is asked for, a name is that of one account.
    expect((await post('knock', { user: '../../etc/passwd' })).status).toBe(403);
    expect((await post('knock', { user: 'no-such-user' })).status).toBe(403);
    expect(readdirSync(folder).sort()).toEqual(
      ['console.json', `${ada.uid}.token`, `${bob.uid}.token`].sort(),
    );
  });

  test('K1: a window opens on the desktop of whoever asked, by a page that only this user can read', async () => {
    for (const user of [ada, bob]) {
      const token = readFileSync(await knock(user), 'utf8');
      expect((await post('windows', { page: '/monitor' }, token)).status).toBe(204);
      const [who, display, , argument = ''] = await said(user);
      expect([who, display]).toEqual([user.name, displays.get(user)]);
      const door = fileURLToPath(argument.replace('--app=', ''));
      // Arguments are seen by everybody: the ticket is not in them.
      expect(argument).not.toContain('#');
      expect(await as(user === ada ? bob : ada, ['cat', door])).not.toBe(0);
      expect(await as(user, ['cat', door])).toBe(0);
      const ticket = /\/monitor#([\w-]+)"/.exec(readFileSync(door, 'utf8'))?.[1];
      const page = (await (await post('session', { ticket })).json()) as { token: string };
      const state = await fetch(`http://127.0.0.1:${port}/api/state`, {
        headers: { authorization: `Bearer ${page.token}` },
      });
      expect(await state.json()).toMatchObject({ user: user.name });
    }
  });

  test('K2: a notice appears on the desktop of the run’s person, and its buttons come back', async () => {
    const notifier = notifySend(desktopSpawn(machine.port), silentLog, program);
    const notice = { title: 'Run', text: 'begins', urgency: 'normal' as const };
    const buttons = [{ control: 'pause', label: 'Pause' }] as const;
    for (const user of [ada, bob]) {
      const pressed = await new Promise((resolve) =>
        notifier.show({ user: user.name, run: user.name }, { ...notice, buttons }, resolve),
      );
      expect(pressed).toBe('pause');
      const [who, display, bus] = await said(user);
      expect([who, display, bus]).toEqual([
        user.name,
        displays.get(user),
        `unix:path=/run/user/${user.uid}/bus`,
      ]);
    }
  });

  test('K2: whoever is not signed in, or has locked the desktop, is shown nothing', async () => {
    const spawn = desktopSpawn(machine.port);
    await expect(spawn(away.name, program, [])).rejects.toMatchObject({ code: 'AttendedUserNotLoggedIn' });
    const marker = join(ada.home, '.attendant-locked');
    writeFileSync(marker, '');
    await expect(spawn(ada.name, program, [])).rejects.toMatchObject({
      code: 'AttendedUserSessionNotActive',
    });
    rmSync(marker);
    const token = readFileSync(await knock(away), 'utf8');
    expect((await post('windows', { page: '/' }, token)).status).toBe(204);
    expect(readdirSync(tools)).toEqual(['program']);
  });
});
