import { readdir, readFile } from 'node:fs/promises';
import { readProcStat } from './process-identity';

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
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const rows = await Promise.all(pids.map(readRow));
  return new Map(rows.flatMap((row) => (row ? [[row.pid, row]] : [])));
}

async function readRow(pid: number): Promise<ProcessRow | undefined> {
  const [stat, status] = await Promise.all([
    readProcStat(pid),
    readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''),
  ]);
  const uid = /^Uid:\t\d+\t(\d+)/m.exec(status)?.[1];
  const name = /^Name:\t(.*)/m.exec(status)?.[1] ?? '';
  if (!stat || uid === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
  return { pid, parent: stat.parent, name, uid: Number(uid), startTicks: Number(stat.startTicks) };
}

/** The process and those that it descends from, nearest first. */
export function lineage(table: ReadonlyMap<number, ProcessRow>, pid: number): ProcessRow[] {
  const found: ProcessRow[] = [];
  for (let row = table.get(pid); row && !found.includes(row); row = table.get(row.parent)) found.push(row);
  return found;
}
