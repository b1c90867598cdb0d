import { readFileSync, statSync } from 'node:fs';
import { findProgram } from '../runner/programs';
import { readProcessTable } from '../process/family';

/**
 * The kernel's own limit (RLIMIT_NPROC) for a program, where there is one: it counts all tasks of the user and does not bind root.
 * Everywhere the worker counts too (flow-process.ts).
 * @param max processes that the run may have; twice as many tasks are let in beside those that the user has now.
 */
export async function withProcessLimit(
  command: { program: string; args: string[] },
  { max, searchPath }: { max: number; searchPath: string },
): Promise<{ program: string; args: string[] }> {
  const uid = process.geteuid?.();
  if (process.platform !== 'linux' || uid === 0) return command;
  const prlimit = await findProgram('prlimit', searchPath);
  if (!prlimit) return command;
  // Threads count here, and the worker has to see a run go beyond its limit in order to end it.
  const limit = tasksOf(uid) + 2 * max;
  // The session may have a stricter one, which only an administrator could raise.
  if (limit >= hardLimit(readFileSync('/proc/self/limits', 'utf8'))) return command;
  return { program: prlimit, args: [`--nproc=${limit}:${limit}`, command.program, ...command.args] };
}

/** @param limits what /proc/<pid>/limits says. */
export function hardLimit(limits: string): number {
  const hard = /^Max processes\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === 'unlimited' ? Infinity : Number(hard);
}

function tasksOf(uid: number | undefined): number {
  let tasks = 0;
  for (const [pid, stat] of readProcessTable()) {
    try {
      if (statSync(`/proc/${pid}`).uid === uid) tasks += stat.threads;
    } catch {
      // It has ended in between.
    }
  }
  return tasks;
}
