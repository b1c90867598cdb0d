import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../errors';
import type { Log } from '../log';
import type { DesktopSpawn } from './desktop';

/** Browsers that can show one page as a window of its own. */
const APP_BROWSERS = ['chromium', 'google-chrome', 'microsoft-edge', 'brave-browser'];

/** Opens a page on the desktop of a user. */
export type OpenPage = (user: string, address: string) => void;

/** As a window of its own where there is a browser that can; a machine without a desktop shows nothing. */
export function openInBrowser(spawn: DesktopSpawn, log: Log, find = findProgram): OpenPage {
  return (user, address) => {
    const browser = APP_BROWSERS.map(find).find((found) => found !== undefined);
    const [program, args] =
      process.platform === 'win32'
        ? ['cmd.exe', ['/c', 'start', '', 'msedge', `--app=${address}`]]
        : browser === undefined
          ? ['xdg-open', [address]]
          : [browser, [`--app=${address}`]];
    const failed = (error: unknown): void =>
      log.warn(`No window could be opened for ${user}: ${messageOf(error)}`);
    spawn(user, program, args, { stdio: 'ignore', detached: true })
      .then((child) => child.once('error', failed).unref())
      .catch(failed);
  };
}

function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
