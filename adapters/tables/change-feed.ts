import { z } from 'zod';
import { groupBy } from '../../domain/group-by';
import type { ChangeFeed, FeedEntry } from '../ports';
import { instantColumn, requireInstant, requireText, textColumns } from './columns';
import type { Columns, Key, StoredRow, Table } from './table';

/** What a person did to a waiting run. */
const personsChange = z.object({ run: z.string(), actor: z.string() });

const storedChanges = z.array(z.object({ number: z.int(), atMs: z.number(), change: z.unknown() }));

/**
 * Partition = queue; a row holds the changes that were appended together, and its key is the number of the last of them in 16 digits.
 * Who appends takes all from the oldest unconfirmed on, so rows overlap and none is missing; a number counts once. What people
 * did to a run stands a second time under partition `run:<run>`, row `<queue>:<number>`.
 */
export class TableChangeFeed implements ChangeFeed {
  private readonly listeners: ((queue: string) => void)[] = [];

  constructor(private readonly table: Table) {}

  async append(entries: FeedEntry[]): Promise<void> {
    const queues = groupBy(entries, ({ queue }) => queue);
    await Promise.all([
      ...[...queues].map(([queue, changes]) => this.appendTo(queue, changes)),
      ...entries.flatMap((entry) => keysOfRun(entry).map((key) => this.table.insert(key, columnsOf(entry)))),
    ]);
    for (const queue of queues.keys()) for (const listener of this.listeners) listener(queue);
  }

  onAppended(listener: (queue: string) => void): void {
    this.listeners.push(listener);
  }

  async ofRun(run: string): Promise<FeedEntry[]> {
    const rows = await this.table.query({ partition: partitionOfRun(run) });
    return rows.map(fromRowOfRun).sort((a, b) => a.atMs - b.atMs || a.number - b.number);
  }

  async forgetRun(run: string): Promise<void> {
    const rows = await this.table.query({ partition: partitionOfRun(run) });
    await Promise.all(rows.map((row) => this.table.remove(row)));
  }

  async read(queue: string, after: number, top: number): Promise<FeedEntry[]> {
    const found = new Map<number, FeedEntry>();
    let row = rowOf(after);
    for (;;) {
      const rows = await this.table.query({ partition: queue, after: row, top });
      for (const entry of rows.flatMap((stored) => entriesOf(queue, stored))) {
        if (entry.number > after && !found.has(entry.number)) found.set(entry.number, entry);
      }
      const last = rows.at(-1);
      // A later row may overlap the last of this page, yet holds nothing below its first missing number.
      if (!last || rows.length < top || found.size >= top) break;
      row = last.row;
    }
    return [...found.values()].sort((a, b) => a.number - b.number).slice(0, top);
  }

  private async appendTo(queue: string, changes: FeedEntry[]): Promise<void> {
    const sorted = changes.toSorted((a, b) => a.number - b.number);
    const last = sorted.at(-1);
    if (!last) return;
    const stored = sorted.map(({ number, atMs, change }) => ({ number, atMs, change }));
    const key = { partition: queue, row: rowOf(last.number) };
    await this.table.insert(key, textColumns('changes', JSON.stringify(stored)));
  }
}

function entriesOf(queue: string, { columns }: StoredRow): FeedEntry[] {
  const stored = storedChanges.parse(JSON.parse(requireText(columns, 'changes')));
  return stored.map(({ number, atMs, change }) => ({ queue, number, atMs, change }));
}

function rowOf(number: number): string {
  return String(number).padStart(16, '0');
}

function partitionOfRun(run: string): string {
  return `run:${run}`;
}

function keysOfRun({ queue, number, change }: FeedEntry): Key[] {
  const done = personsChange.safeParse(change);
  return done.success ? [{ partition: partitionOfRun(done.data.run), row: `${queue}:${rowOf(number)}` }] : [];
}

function columnsOf({ atMs, change }: FeedEntry): Columns {
  return { at: instantColumn(atMs), ...textColumns('change', JSON.stringify(change)) };
}

function fromRowOfRun({ partition, row, columns }: StoredRow): FeedEntry {
  const [number = '', queue = partition] = row.split(':').reverse();
  return {
    queue,
    number: Number(number),
    atMs: requireInstant(columns, 'at'),
    change: JSON.parse(requireText(columns, 'change')),
  };
}
