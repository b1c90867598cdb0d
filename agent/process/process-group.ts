import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hasCode } from '../errors';
import type { ProcessIdentity } from '../protocol/records';
import { isAlive, readProcStat } from './process-identity';

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

function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH') && !hasCode(error, 'EPERM')) throw error;
  }
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
    const pids = await remaining(run);
    const stats = await Promise.all(pids.map(readProcStat));
    const others = pids.filter((_, index) => stats[index] && (stats[index].state === 'T') !== frozen);
    if (others.length === 0) break;
    for (const pid of others) sendSignal(pid, signal);
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
    if (left.length === 0) return true;
    if (performance.now() > until) return false;
    if (process.platform === 'win32') await signalGroup(left[0] ?? 0, 'SIGKILL');
    else for (const pid of left) sendSignal(pid, 'SIGKILL');
    await sleep(pauseMs);
  }
}

async function remaining({ worker, mark }: Remains): Promise<number[]> {
  if (process.platform !== 'linux') return worker && (await isAlive(worker)) ? [worker.pid] : [];
  // While a group has a member its number is not given to a new process, so a leader that is gone still names it.
  const leaderStat = worker && (await readProcStat(worker.pid));
  const groupIsOurs = worker && (!leaderStat || leaderStat.startTicks === worker.start);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      if (pid === process.pid) return false;
      const stat = await readProcStat(pid);
      if (!stat || stat.state === 'Z' || stat.state === 'X') return false;
      const marks = (await environmentOf(pid)).filter((entry) => entry.startsWith(`${RUN_MARK}=`));
      if (marks.some((entry) => entry.startsWith(`${RUN_MARK}=${mark}`))) return true;
      // The journal of a copied data folder names workers of the folder that it was copied from.
      if (marks.length > 0) return false;
      return groupIsOurs && (stat.group === worker.pid || stat.session === worker.pid);
    }),
  );
  return pids.filter((_, index) => found[index]);
}

/** `NAME=value` entries that the process was started with; none when it is gone or another user's. */
export async function environmentOf(pid: number): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  } catch {
    return [];
  }
}
