import { readFileSync } from 'node:fs';
import { readProcessTable } from './family';
import { hasEnded } from './process-identity';

/** A living process (Linux). */
export interface ProcessRow {
  pid: number;
  parent: number;
  /** Of the program, at most 15 characters. */
  name: string;
  /** Effective user. */
  uid: number;
  /** Clock ticks since the machine started. */
  startTicks: number;
}

/** All processes of the machine by pid, without those that have ended and only wait to be noticed. Read in one go. */
export function processTable(): Map<number, ProcessRow> {
  const rows = new Map<number, ProcessRow>();
  for (const [pid, stat] of readProcessTable()) {
    const status = hasEnded(stat) ? '' : statusOf(pid);
    const uid = /^Uid:\t\d+\t(\d+)/m.exec(status)?.[1];
    if (uid === undefined) continue;
    const name = /^Name:\t(.*)/m.exec(status)?.[1] ?? '';
    rows.set(pid, { pid, parent: stat.parent, name, uid: Number(uid), startTicks: Number(stat.startTicks) });
  }
  return rows;
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** The process and those that it descends from, nearest first. */
export function lineage(table: ReadonlyMap<number, ProcessRow>, pid: number): ProcessRow[] {
  const found: ProcessRow[] = [];
  for (let row = table.get(pid); row && !found.includes(row); row = table.get(row.parent)) found.push(row);
  return found;
}
