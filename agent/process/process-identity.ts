import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ProcessIdentity } from '../protocol/records';

const run = promisify(execFile);

/** Fields of /proc/<pid>/stat that we use; times in clock ticks, memory in pages. */
export interface ProcStat {
  state: string;
  parent: number;
  group: number;
  session: number;
  userTicks: number;
  systemTicks: number;
  childUserTicks: number;
  childSystemTicks: number;
  threads: number;
  startTicks: string;
  rssPages: number;
}

/** @returns undefined when there is no such process (or no /proc). */
export async function readProcStat(pid: number | 'self'): Promise<ProcStat | undefined> {
  try {
    return parseProcStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

export function parseProcStat(text: string): ProcStat {
  // The second field is the program's name in brackets and may itself hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (index: number): number => Number(fields[index]);
  return {
    state: fields[0] ?? '',
    parent: number(1),
    group: number(2),
    session: number(3),
    userTicks: number(11),
    systemTicks: number(12),
    childUserTicks: number(13),
    childSystemTicks: number(14),
    threads: number(17),
    startTicks: fields[19] ?? '',
    rssPages: number(21),
  };
}

/** It only waits to be noticed by its parent. */
export function hasEnded({ state }: ProcStat): boolean {
  return state === 'Z' || state === 'X';
}

/**
 * When the process started, in the unit of the system (only ever compared with itself).
 * @returns undefined when it is gone; a zombie counts as gone.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await readProcStat(pid);
    return stat && !hasEnded(stat) ? stat.startTicks : undefined;
  }
  const [program, args] =
    process.platform === 'win32'
      ? (['powershell', ['-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.Ticks`]] as const)
      : (['ps', ['-o', 'lstart=', '-p', String(pid)]] as const);
  try {
    return (await run(program, args)).stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const start = await startOf(pid);
  return start === undefined ? undefined : { pid, start };
}

export async function isAlive(who: ProcessIdentity): Promise<boolean> {
  return (await startOf(who.pid)) === who.start;
}
