import { hasCode } from '../errors';
import { readProcessTable } from './family';
import { hasEnded, type ProcStat } from './process-identity';

/**
 * Kills processes (SIGKILL). A process group all of which is meant goes by one call to the kernel: a program that starts processes
 * without end would outrun a call for each.
 */
export function killProcesses(
  pids: ReadonlySet<number>,
  table: ReadonlyMap<number, ProcStat> = readProcessTable(),
): void {
  const whole = new Map<number, boolean>();
  for (const [pid, stat] of table) {
    if (hasEnded(stat)) continue;
    whole.set(stat.group, (whole.get(stat.group) ?? true) && pids.has(pid));
  }
  for (const [group, meant] of whole) if (meant) sendSignal(-group, 'SIGKILL');
  for (const pid of pids) {
    const group = table.get(pid)?.group;
    if (group === undefined || !whole.get(group)) sendSignal(pid, 'SIGKILL');
  }
}

/** @param target a pid, or a process group as a negative number; one that is gone or not ours is no error. */
export function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH') && !hasCode(error, 'EPERM')) throw error;
  }
}
