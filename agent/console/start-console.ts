import { rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { z } from 'zod';
import type { consoleAddress } from '../../contracts/console';
import { messageOf } from '../errors';
import type { Log } from '../log';
import type { SessionPort } from '../session/session';
import { Access } from './access';
import { Console, type ConsoleParts } from './console';
import { desktopSpawn } from './desktop';
import { Notices } from './notices';
import type { Notifier } from './notifier';
import { notifySend } from './notify-send';
import { Preferences } from './preferences';
import { ConsoleServer } from './server';
import { SessionKeeper } from './session-keeper';
import type { ConsoleUsers } from './users';
import { openInBrowser, type OpenPage } from './window';
import { openToaster, windowsToast } from './windows-toast';

/** Where the address of the running agent's console stands, below the console's folder. */
export const ADDRESS_FILE = 'console.json';

export interface ConsoleOptions {
  /** Port of the pages; 0 takes any free one. */
  port: number;
  /** Folder that the users of the machine can reach, in which only the agent writes. */
  folder: string;
  users: ConsoleUsers;
  /** Who sees and ends the sessions of all users; default: whoever the agent runs as. */
  administrator?: string;
  /** Defaults: what the machine's desktops have. */
  notifier?: Notifier;
  openPage?: OpenPage;
}

interface StartParts extends Omit<ConsoleParts, 'preferences'> {
  options: ConsoleOptions;
  dataDir: string;
  session: SessionPort;
  log: Log;
}

export interface RunningConsole {
  port: number;
  close(): Promise<void>;
}

/** Opens the console of this machine: its pages, and the notices of its runs. */
export async function startConsole(parts: StartParts): Promise<RunningConsole> {
  const { options, dataDir, session, log, clock, board } = parts;
  const { folder, port, users } = options;
  const preferences = await Preferences.open(dataDir);
  const console = new Console({ ...parts, preferences });
  const spawn = desktopSpawn(session);
  const access = new Access({ folder, clock, userOf: (name) => users.userOf(name) });
  const openPage = options.openPage ?? openInBrowser(spawn, log);
  const openWindow = (user: string, page: string): void => {
    access
      .doorFor(user, `http://127.0.0.1:${listening}${page}`)
      .then((address) => address && openPage(user, address))
      .catch((error: unknown) => log.warn(`No window could be opened: ${messageOf(error)}`));
  };
  const notices = new Notices({
    notifier:
      options.notifier ??
      (process.platform === 'win32' ? windowsToast(openToaster, log) : notifySend(spawn, log)),
    mode: (user) => preferences.of(user),
    openWindow: (user) => openWindow(user, '/monitor'),
    control: (user, run, what) => {
      console
        .control(user, run, what)
        .catch((error: unknown) => log.warn(`Run ${run} cannot ${what}: ${messageOf(error)}`));
    },
  });
  const sessions = new SessionKeeper(session, options.administrator ?? os.userInfo().username);
  const server = new ConsoleServer({ console, board, access, sessions, port, openWindow });
  const listening = await server.listen();
  const quiet = board.onChange((run, before) => notices.changed(run, before));
  const file = path.join(folder, ADDRESS_FILE);
  await access.prepare();
  const address: z.infer<typeof consoleAddress> = { port: listening };
  await writeFile(file, JSON.stringify(address), { mode: 0o644 });
  return {
    port: listening,
    close: async () => {
      quiet();
      console.close();
      await rm(file, { force: true });
      await server.close();
      await board.close();
    },
  };
}
