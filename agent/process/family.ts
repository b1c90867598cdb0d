import { readdirSync, readFileSync } from 'node:fs';
import { parseProcStat, type ProcStat } from './process-identity';

/**
 * Every process of this computer by pid. Read in one go without yielding, so that one look is nearly one moment. Elsewhere than
 * on Linux: empty.
 */
export function readProcessTable(): Map<number, ProcStat> {
  const table = new Map<number, ProcStat>();
  if (process.platform !== 'linux') return table;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      table.set(pid, parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8')));
    } catch {
      // It has ended in between.
    }
  }
  return table;
}

/**
 * The processes that belong to the group of `leader`: its group, its session, and descendants of any of them, also those that left
 * both. `known` remembers members by pid and start time, so that one whose parent has ended is still found; it is brought up to date.
 */
export function familyOf(
  leader: number,
  table: ReadonlyMap<number, ProcStat>,
  known: Map<number, string>,
): Map<number, ProcStat> {
  const family = new Map<number, ProcStat>();
  const belongs = (pid: number, stat: ProcStat): boolean =>
    stat.group === leader || stat.session === leader || known.get(pid) === stat.startTicks;
  for (const [pid, stat] of table) if (belongs(pid, stat)) family.set(pid, stat);
  for (let before = -1; before !== family.size;) {
    before = family.size;
    for (const [pid, stat] of table) if (family.has(stat.parent)) family.set(pid, stat);
  }
  known.clear();
  for (const [pid, stat] of family) known.set(pid, stat.startTicks);
  return family;
}
