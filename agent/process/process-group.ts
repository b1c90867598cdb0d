import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ProcessIdentity } from '../protocol/records';
import { readProcessTable } from './family';
import { killProcesses, sendSignal } from './kill-processes';
import { hasEnded, isAlive, type ProcStat } from './process-identity';

/*
 * A run's worker leads a process group of its own and the desktop flow's program belongs to it, so that one pid names
 * all of it. Programs that leave the group are found by a mark in their environment (Linux).
 */

/** Environment variable that every process of a run inherits: `<installation>:<run>`. */
export const RUN_MARK = 'ATTENDANT_MARK';

/** A process in the kernel takes the signal later; it is not waited for longer. */
const MOST_LOOKS = 50;

export function runMark(installation: string, run = ''): string {
  return `${installation}:${run}`;
}

/** Sends a signal to the whole group of `leader`; a group that is gone is no error. On Windows everything but a question kills. */
export async function signalGroup(leader: number, signal: NodeJS.Signals): Promise<void> {
  if (process.platform === 'win32') {
    if (signal !== 'SIGTERM') {
      await promisify(execFile)('taskkill', ['/T', '/F', '/PID', String(leader)]).catch(() => undefined);
    }
    return;
  }
  sendSignal(-leader, signal);
}

/**
 * Freezes (SIGSTOP) or thaws (SIGCONT) every process of a run, also those that left its group. Frozen is what stays frozen: it looks
 * again until no process is left that could have started another one.
 * @returns false where processes cannot be frozen: Windows has no such signal (docs/runners.md, "Pause").
 */
export async function freezeGroup(run: Remains, signal: 'SIGSTOP' | 'SIGCONT'): Promise<boolean> {
  if (process.platform === 'win32') return false;
  if (run.worker) await signalGroup(run.worker.pid, signal);
  const frozen = signal === 'SIGSTOP';
  for (let look = 0; look < MOST_LOOKS; look++) {
    const left = [...(await remaining(run))];
    const others = left.filter(([, stat]) => stat && (stat.state === 'T') !== frozen);
    if (others.length === 0) break;
    for (const [pid] of others) sendSignal(pid, signal);
    await sleep(10);
  }
  return true;
}

export interface Remains {
  /** Leader of the group, if it is known. */
  worker?: ProcessIdentity | undefined;
  /** Beginning of the environment mark. */
  mark: string;
}

/**
 * Kills what is left of a run and waits until it is gone.
 * @returns false when something is still there after `patienceMs` (a process that hangs in the kernel).
 */
export async function killRemains(remains: Remains, patienceMs = 30_000): Promise<boolean> {
  const until = performance.now() + patienceMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    const left = await remaining(remains);
    if (left.size === 0) return true;
    if (performance.now() > until) return false;
    if (process.platform === 'win32') for (const pid of left.keys()) await signalGroup(pid, 'SIGKILL');
    else killProcesses(new Set(left.keys()));
    await sleep(pauseMs);
  }
}

/**
 * Living processes of a run by pid. Read in one go: a program that starts processes without end would win against a look that yields.
 * Elsewhere than on Linux: the worker.
 */
async function remaining({ worker, mark }: Remains): Promise<Map<number, ProcStat | undefined>> {
  if (process.platform !== 'linux')
    return new Map(worker && (await isAlive(worker)) ? [[worker.pid, undefined]] : []);
  const table = readProcessTable();
  // While a group has a member its number is not given to a new process, so a leader that is gone still names it.
  const leader = worker && table.get(worker.pid);
  const group = worker && (!leader || leader.startTicks === worker.start) ? worker.pid : undefined;
  const found = new Map<number, ProcStat>();
  for (const [pid, stat] of table) {
    if (pid === process.pid || hasEnded(stat)) continue;
    const marks = environmentOf(pid).filter((entry) => entry.startsWith(`${RUN_MARK}=`));
    // The journal of a copied data folder names workers of the folder that it was copied from: theirs have another mark.
    const ours =
      marks.length > 0
        ? marks.some((entry) => entry.startsWith(`${RUN_MARK}=${mark}`))
        : stat.group === group || stat.session === group;
    if (ours) found.set(pid, stat);
  }
  return found;
}

/** `NAME=value` entries that the process was started with; none when it is gone or another user's. */
export function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
