import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, identify } from '../../process/process-identity';
import type { ProcessIdentity } from '../../protocol/records';
import { announced, spawnAsUser, type UserPlace } from './as-user';
import { authorityFile, screenFolder } from './environment';
import { writeAuthority } from './x-authority';
import { xConnect, type XConnection } from './x-connection';

const START_MS = 20_000;
const RESET_MS = 10_000;

/**
 * Starts Xvfb as the session's user; it takes the cookie of `authorityFile` and is not reached over the network.
 * @returns its process, once it serves.
 * @throws Error with the server's own words.
 */
export async function startXServer(options: {
  place: UserPlace;
  env: Record<string, string>;
  display: number;
  folder: string;
  /** Width, height and depth: `1280x800x24`. */
  screen: string;
}): Promise<ProcessIdentity> {
  const { place, env, display, folder, screen } = options;
  const log = path.join(folder, 'x.log');
  // A file: whoever starts the server may be gone before it.
  const output = await open(log, 'w', 0o600);
  try {
    const child = spawnAsUser(
      place,
      [
        'Xvfb',
        `:${display}`,
        '-screen',
        '0',
        screen,
        '-nolisten',
        'tcp',
        '-noreset',
        '-displayfd',
        '3',
        '-auth',
        authorityFile(folder),
        '-fbdir',
        screenFolder(folder),
      ],
      { cwd: folder, env, detached: true, stdio: ['ignore', 'ignore', output.fd, 'pipe'] },
    );
    child.unref();
    await announced(child, START_MS);
    const identity = child.pid === undefined ? undefined : await identify(child.pid);
    if (!identity) throw new Error('it ended at once');
    return identity;
  } catch (error) {
    const words = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join(' ');
    throw new Error(`The X server does not start (${String((error as Error).message)}). ${words}`.trim(), {
      cause: error,
    });
  } finally {
    await output.close();
  }
}

interface XSession {
  display: number;
  folder: string;
  cookie: string;
  owner: { uid: number; gid: number };
  server: ProcessIdentity;
}

/**
 * Locks the display: all its clients lose their connection, the old cookie is refused from now on, and the new one is known to the agent
 * alone. The server reads its cookies anew when it is reset (Xserver(1), SIGHUP); until then it only adds to them.
 * @throws Error when the server does not follow.
 */
export async function lockDisplay(session: XSession, newCookie: string): Promise<void> {
  const { display, folder, owner, cookie, server } = session;
  await writeAuthority(authorityFile(folder), { display, owner, cookie: newCookie });
  if (await isAlive(server)) process.kill(server.pid, 'SIGHUP');
  const until = performance.now() + RESET_MS;
  while ((await answerTo(display, cookie)) !== 'refused') {
    if (performance.now() > until) throw new Error('The X server goes on accepting the old cookie.');
    await sleep(20);
  }
  if ((await answerTo(display, newCookie)) !== 'accepted')
    throw new Error('The X server does not accept the new cookie.');
  await rm(authorityFile(folder));
}

async function answerTo(display: number, cookie: string): Promise<'accepted' | 'refused' | 'none'> {
  const connection = await xConnect(display, cookie).catch(() => null);
  connection?.end();
  return connection === null ? 'none' : connection ? 'accepted' : 'refused';
}

/** @returns a connection that closes when the server ends; undefined when there is no server that takes the cookie. */
export function reachDisplay(display: number, cookie: string): Promise<XConnection | undefined> {
  return xConnect(display, cookie).catch(() => undefined);
}
