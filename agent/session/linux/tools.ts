import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** What the system has to have for sessions of other users, and for a screen of their own. */
export const SESSION_TOOLS = ['setpriv', 'prlimit', 'su', 'getent'] as const;

export const NO_XVFB =
  'Xvfb is not installed. Install it (Debian, Ubuntu: apt-get install xvfb), then run again.';

/** Path of a program of the system, in folders that only root may change; undefined when it is not installed. */
export function findTool(name: string): string | undefined {
  return FOLDERS.map((folder) => path.join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
