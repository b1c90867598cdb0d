import { setTimeout as sleep } from 'node:timers/promises';
import { killProcesses, sendSignal } from '../../process/kill-processes';
import { environmentOf, RUN_MARK } from '../../process/process-group';
import { lineage, processTable, type ProcessRow } from '../../process/process-table';
import { groupMembers, killGroup } from './cgroup';
import { SESSION_MARK } from './environment';

/** How the processes of a session are known. */
export interface SessionScope {
  uid: number;
  /** Value of SESSION_MARK in their environment. */
  mark: string;
  /** Control group that they cannot leave. */
  group?: string | undefined;
  /** Start of the X server, clock ticks; nothing of the session is older. Absent while there is none. */
  sinceTicks?: number | undefined;
  /** No other session of the agent is of this user. */
  alone: boolean;
}

/** Pids that stay: server and bus of a session that is kept. */
type Spared = ReadonlySet<number>;

/**
 * Ends all processes of a session: asks them, kills what is left after `askMs`, and looks again until there is none.
 * @returns false when something is still there after `patienceMs` (a process that hangs in the kernel).
 */
export async function endSessionProcesses(
  scope: SessionScope,
  options: { spared?: Spared; askMs?: number; patienceMs?: number } = {},
): Promise<boolean> {
  const { spared = new Set(), askMs = 1_000, patienceMs = 30_000 } = options;
  const began = performance.now();
  let asked = askMs === 0;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    const left = (await sessionProcesses(scope)).filter((pid) => !spared.has(pid));
    if (left.length === 0) return true;
    const passed = performance.now() - began;
    if (passed > patienceMs) return false;
    if (!asked) {
      asked = true;
      for (const pid of left) sendSignal(pid, 'SIGTERM');
    } else if (passed >= askMs) {
      if (scope.group !== undefined && spared.size === 0) await killGroup(scope.group);
      killProcesses(new Set(left));
    }
    await sleep(pauseMs);
  }
}

/**
 * Pids of the session's processes: those in its control group and those with its mark. Where there is no control group, also orphans of
 * the user without a mark: daemons that left the session and cleaned their environment. A person's own sign-in has a parent that
 * watches it (sshd, login) and is not touched.
 */
export async function sessionProcesses(scope: SessionScope): Promise<number[]> {
  const table = processTable();
  const found = new Set(scope.group === undefined ? [] : await groupMembers(scope.group));
  const suspects = [...table.values()].filter(({ uid, pid }) => uid === scope.uid && !found.has(pid));
  const ancestors = new Set(lineage(table, process.pid).map(({ pid }) => pid));
  for (const suspect of suspects) {
    const marks = environmentOf(suspect.pid).filter((entry) =>
      [SESSION_MARK, RUN_MARK].some((name) => entry.startsWith(`${name}=`)),
    );
    if (marks.includes(`${SESSION_MARK}=${scope.mark}`)) found.add(suspect.pid);
    else if (marks.length === 0 && isStray(scope, suspect, table, ancestors)) found.add(suspect.pid);
  }
  // The group also lists those that have ended and only wait to be noticed.
  return [...found].filter((pid) => table.has(pid));
}

function isStray(
  scope: SessionScope,
  suspect: ProcessRow,
  table: ReadonlyMap<number, ProcessRow>,
  ancestors: ReadonlySet<number>,
): boolean {
  const { group, sinceTicks, alone, uid } = scope;
  if (group !== undefined || sinceTicks === undefined || !alone || suspect.startTicks < sinceTicks)
    return false;
  const top = lineage(table, suspect.pid)
    .filter((row) => row.uid === uid)
    .at(-1);
  // Orphans are given to an ancestor of whoever made them (the first process, or a subreaper); so are ours.
  return top !== undefined && top.startTicks >= sinceTicks && (ancestors.has(top.parent) || top.parent === 0);
}
