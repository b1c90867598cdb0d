import type { ChangeFeed, FeedEntry } from '../ports';
import { instantColumn, requireInstant, requireText, textColumns } from './columns';
import type { StoredRow, Table } from './table';

/** Partition = queue, row = the change's number in 16 digits. Appending twice leaves the first as it is. */
export class TableChangeFeed implements ChangeFeed {
  constructor(private readonly table: Table) {}

  async append(entries: FeedEntry[]): Promise<void> {
    await Promise.all(
      entries.map((entry) =>
        this.table.insert(
          { partition: entry.queue, row: rowOf(entry.number) },
          { at: instantColumn(entry.atMs), ...textColumns('change', JSON.stringify(entry.change)) },
        ),
      ),
    );
  }

  async read(queue: string, after: number, top: number): Promise<FeedEntry[]> {
    return (await this.table.query({ partition: queue, after: rowOf(after), top })).map(fromRow);
  }
}

function rowOf(number: number): string {
  return String(number).padStart(16, '0');
}

function fromRow({ partition, row, columns }: StoredRow): FeedEntry {
  return {
    queue: partition,
    number: Number(row),
    atMs: requireInstant(columns, 'at'),
    change: JSON.parse(requireText(columns, 'change')),
  };
}
