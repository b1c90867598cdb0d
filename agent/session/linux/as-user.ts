import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import path from 'node:path';
import type { SessionOwner } from '../session';
import { findTool } from './tools';

/** Processes that a user may have at once, so that a fork bomb ends itself and not the machine. */
const MAX_PROCESSES = 4_096;

export interface UserPlace {
  owner: SessionOwner;
  /** File to enter the session's control group by. */
  groupEntry?: string | undefined;
}

/**
 * Starts a program as a user: with the user's groups, without any way to gain privileges (row C3), in the session's control group. The
 * pid is the program's, because each of the wrappers turns into the next.
 */
export function spawnAsUser(
  place: UserPlace,
  command: readonly [program: string, ...args: string[]],
  options: SpawnOptions,
): ChildProcess {
  const { uid, gid } = place.owner;
  const enterGroup =
    place.groupEntry === undefined ? [] : ['/bin/sh', '-c', 'echo $$ >"$0" && exec "$@"', place.groupEntry];
  // Found by full path: PATH may be the user's, and these still run as root.
  const limit = [toolPath('prlimit'), `--nproc=${MAX_PROCESSES}:${MAX_PROCESSES}`, '--'];
  const become = [
    toolPath('setpriv'),
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--init-groups',
    '--inh-caps=-all',
  ];
  const [program, ...args] = [...enterGroup, ...limit, ...become, '--no-new-privs', '--', ...command];
  return spawn(program ?? '', args, options);
}

function toolPath(name: string): string {
  return findTool(name) ?? path.join('/usr/bin', name);
}

/**
 * Waits until a service has written a line to its descriptor 3, which says that it serves.
 * @throws Error when it cannot be started or ends; one that takes longer than `patienceMs` is killed.
 */
export async function announced(child: ChildProcess, patienceMs: number): Promise<void> {
  const pipe = child.stdio[3];
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  try {
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.on('error', reject);
      // Not before the end of the line: a service whose pipe is closed as it writes would end.
      pipe?.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        if (said.endsWith('\n')) resolve();
      });
      pipe?.once('error', reject);
      pipe?.once('close', () => reject(new Error('it ended')));
    });
  } finally {
    clearTimeout(timer);
    pipe?.destroy();
  }
}
