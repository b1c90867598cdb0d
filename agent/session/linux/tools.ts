import { access, constants } from 'node:fs/promises';
import path from 'node:path';

const FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** What the system has to have for sessions of other users, and for a screen of their own. */
export const SESSION_TOOLS = ['setpriv', 'prlimit', 'su', 'getent'] as const;

export const NO_XVFB =
  'Xvfb is not installed. Install it (Debian, Ubuntu: apt-get install xvfb), then run again.';

/** Path of a program of the system; undefined when it is not installed. */
export async function findTool(name: string): Promise<string | undefined> {
  for (const folder of FOLDERS) {
    const file = path.join(folder, name);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return undefined;
}
