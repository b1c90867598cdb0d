import path from 'node:path';
import { runMark } from '../../process/process-group';
import type { SessionRecord } from './session-record';

/** Environment variable that every process of a session inherits: `<installation>:<session>`. */
export const SESSION_MARK = 'ATTENDANT_SESSION';

const SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games';
const LOCALE = /^(LANG|LANGUAGE|TZ|LC_.*)$/;

export function sessionMark(installation: string, id = ''): string {
  return runMark(installation, id);
}

/*
 * A session's folder belongs to root, so that the agent never writes where the user may lay a trap for it; the two folders in it belong to
 * the user.
 */

/** The X authority, of the server and its clients both. */
export function authorityFile(folder: string): string {
  return path.join(folder, 'Xauthority');
}

/** XDG_RUNTIME_DIR. */
export function runtimeFolder(folder: string): string {
  return path.join(folder, 'runtime');
}

/** Where the X server keeps the screen. */
export function screenFolder(folder: string): string {
  return path.join(folder, 'screen');
}

export function busSocket(folder: string): string {
  return path.join(runtimeFolder(folder), 'bus');
}

/** Variables of a person of the machine, as at a sign-in; language and time zone are those of the agent. */
export function userEnvironment(account: { user: string; home: string }): Record<string, string> {
  const { user, home } = account;
  const own = Object.entries(process.env).filter(([name]) => LOCALE.test(name));
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    PATH: SEARCH_PATH,
    USER: user,
    LOGNAME: user,
    HOME: home,
    SHELL: '/bin/sh',
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local/share'),
    XDG_STATE_HOME: path.join(home, '.local/state'),
    XDG_CACHE_HOME: path.join(home, '.cache'),
  };
}

/** Everything that a program needs to take part in the session. */
export function sessionEnvironment(record: SessionRecord, installation: string): Record<string, string> {
  return {
    ...userEnvironment(record),
    DISPLAY: `:${record.display}`,
    XAUTHORITY: authorityFile(record.folder),
    XDG_RUNTIME_DIR: runtimeFolder(record.folder),
    XDG_SESSION_TYPE: 'x11',
    XDG_SESSION_CLASS: 'user',
    ...(record.bus === undefined
      ? {}
      : { DBUS_SESSION_BUS_ADDRESS: `unix:path=${busSocket(record.folder)}` }),
    [SESSION_MARK]: sessionMark(installation, record.id),
  };
}
