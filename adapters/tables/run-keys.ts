import { encodeTime } from 'ulid';
import type { RunRow } from '../ports';
import type { Key } from './table';

/** Crockford's base 32, the digits of a ULID, in their order. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Partition that names the months that have runs (row = month). */
export const MONTHS_PARTITION = 'months';

/** Cloud-flow runs: partition `2026-11` (month of the ULID), row = the ULID inverted, so that the newest comes first. */
export function cloudRunKey(run: string): Key {
  const ms = Array.from(run.slice(0, 10)).reduce((sum, digit) => sum * 32 + DIGITS.indexOf(digit), 0);
  return { partition: new Date(ms).toISOString().slice(0, 7), row: invert(run) };
}

/**
 * Desktop-flow runs: partition = the cloud-flow run, row = the number of the scheduling in six digits, after those of the parts of the
 * run that it belongs to: `<run>.2-1` is row `000002.000001`.
 */
export function desktopRunKey(run: string): Key {
  const [parent = '', ...numbers] = run.split(/[.-]/);
  return { partition: parent, row: numbers.map((n) => n.padStart(6, '0')).join('.') };
}

export function runKey(run: string): Key {
  return run.includes('-') ? desktopRunKey(run) : cloudRunKey(run);
}

/** Partition of the runs that repeat one (row = run). */
export function resubmitsPartition(run: string): string {
  return `resubmits:${run}`;
}

/** What lists are asked for by: each has a partition that holds the runs, newest first. */
export const listPartitions = {
  flow: (name: string) => `flow:${name}`,
  desktopFlow: (name: string) => `desktop-flow:${name}`,
  queue: (queue: string) => `queue:${queue}`,
  machine: (machine: string) => `machine:${machine}`,
  /** Desktop-flow runs that no cloud-flow run started: those that began at a machine. */
  alone: () => 'alone',
  /** Cloud-flow runs that ended otherwise than well. */
  state: (state: string) => `state:${state}`,
};

const badEndings: ReadonlySet<string> = new Set(['Failed', 'TimedOut', 'Cancelled']);

/** Whether a list of this state has a partition of its own. */
export function isListedState(state: string): boolean {
  return badEndings.has(state);
}

/** Row in a list's partition: the run's id inverted, and behind it the number of a desktop-flow run. */
export function listRow(run: string): string {
  const number = run.includes('-') ? `-${desktopRunKey(run).row}` : '';
  return `${invert(run.slice(0, ULID_LENGTH))}${number}`;
}

/** Partitions of the lists that these facts of a run put it into. */
export function listsOf(row: Partial<RunRow> & Pick<RunRow, 'run'>): string[] {
  const { run, kind, name, machine, queue, state, trigger } = row;
  const lists: string[] = [];
  if (kind === 'cloud' && name !== undefined) lists.push(listPartitions.flow(name));
  if (kind === 'desktop' && name !== undefined) lists.push(listPartitions.desktopFlow(name));
  if (kind === 'desktop' && trigger !== undefined) lists.push(listPartitions.alone());
  if (machine !== undefined) lists.push(listPartitions.machine(machine));
  if (queue !== undefined && queue !== machine) lists.push(listPartitions.queue(queue));
  if (!run.includes('-') && state !== undefined && isListedState(state))
    lists.push(listPartitions.state(state));
  return lists;
}

/** Rows of runs that were requested before an instant (ms) are behind this one, those from it on before it; '' is before all. */
export function rowBefore(ms: number | undefined): string {
  if (ms === undefined) return '';
  return invert(encodeTime(Math.max(0, Math.floor(ms) - 1), TIME_LENGTH));
}

const ULID_LENGTH = 26;
const TIME_LENGTH = 10;

function invert(ulid: string): string {
  return Array.from(ulid, (digit) => DIGITS[DIGITS.length - 1 - DIGITS.indexOf(digit)]).join('');
}
