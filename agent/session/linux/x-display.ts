import { chmod, lstat, mkdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { identify } from '../../process/process-identity';

const SOCKETS = '/tmp/.X11-unix';
/** Displays of people begin at 0; ours stay clear of them. */
const FIRST = 100;
const LAST = 4_999;

/** Path of the socket on which the X server of a display listens. */
export function xSocket(display: number): string {
  return `${SOCKETS}/X${display}`;
}

function lockFile(display: number): string {
  return `/tmp/.X${display}-lock`;
}

/** Whether a server listens on the display; one that was killed leaves its socket behind. */
export function isServed(display: number): Promise<boolean> {
  const socket = connect(xSocket(display));
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

/** The folder of the sockets, which only root can make as it has to be. */
export async function prepareSockets(): Promise<void> {
  await mkdir(SOCKETS).then(
    () => chmod(SOCKETS, 0o1777),
    () => undefined, // it is there already
  );
}

/** Numbers of displays that nobody uses, lowest first. @param taken numbers that are about to be used. */
export async function* freeDisplays(taken: ReadonlySet<number>): AsyncGenerator<number> {
  for (let display = FIRST; display <= LAST; display++) {
    if (taken.has(display)) continue;
    if (!(await exists(xSocket(display))) && !(await exists(lockFile(display)))) yield display;
  }
}

/** Removes what a killed X server of the user leaves behind, socket and lock file, unless another one lives there. */
export async function clearDisplay(display: number, uid: number): Promise<void> {
  const lock = lockFile(display);
  const holder = await readFile(lock, 'utf8').catch(() => undefined);
  if (holder !== undefined && (await identify(Number(holder)))) return;
  for (const file of [xSocket(display), lock]) {
    const found = await lstat(file).catch(() => undefined);
    if (found?.uid === uid) await rm(file, { force: true });
  }
}

function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}
