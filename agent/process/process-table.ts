import { readFile } from 'node:fs/promises';
import { readProcessTable } from './family';

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

/** All processes of the machine by pid, without those that have ended and only wait to be noticed. */
export async function processTable(): Promise<Map<number, ProcessRow>> {
  const rows = await Promise.all(
    [...readProcessTable()].map(async ([pid, stat]): Promise<[number, ProcessRow][]> => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const uid = /^Uid:\t\d+\t(\d+)/m.exec(status)?.[1];
      if (uid === undefined || stat.state === 'Z' || stat.state === 'X') return [];
      const name = /^Name:\t(.*)/m.exec(status)?.[1] ?? '';
      return [
        [pid, { pid, parent: stat.parent, name, uid: Number(uid), startTicks: Number(stat.startTicks) }],
      ];
    }),
  );
  return new Map(rows.flat());
}

/** The process and those that it descends from, nearest first. */
export function lineage(table: ReadonlyMap<number, ProcessRow>, pid: number): ProcessRow[] {
  const found: ProcessRow[] = [];
  for (let row = table.get(pid); row && !found.includes(row); row = table.get(row.parent)) found.push(row);
  return found;
}
