import { connection } from '../../contracts/connections';
import { Cache } from '../cache';
import type { Connections, StoredConnection } from '../ports';
import { optionalText, requireText, textColumns } from './columns';
import type { StoredRow, Table } from './table';

const PARTITION = 'connection';

/** How long another process may go on using what a connection said before (ms). */
const CURRENT_FOR_MS = 1_000;

/** Partition `connection`, row = name. */
export class TableConnections implements Connections {
  private readonly current: Cache<StoredConnection>;

  constructor(private readonly options: { table: Table; now: () => number }) {
    this.current = new Cache({ entries: 1_000, keepMs: CURRENT_FOR_MS, now: options.now });
  }

  async put(stored: StoredConnection): Promise<void> {
    const { secretRef, ...shown } = stored;
    await this.options.table.put(
      { partition: PARTITION, row: stored.name },
      { ...textColumns('connection', JSON.stringify(shown)), secretRef },
    );
    this.current.set(stored.name, stored);
  }

  async get(name: string): Promise<StoredConnection | undefined> {
    const known = this.current.get(name);
    if (known) return known;
    const row = await this.options.table.get({ partition: PARTITION, row: name });
    if (!row) return undefined;
    const stored = fromRow(row);
    this.current.set(name, stored);
    return stored;
  }

  async list(): Promise<StoredConnection[]> {
    return (await this.options.table.query({ partition: PARTITION })).map(fromRow);
  }
}

function fromRow(row: StoredRow): StoredConnection {
  return {
    ...connection.parse(JSON.parse(requireText(row.columns, 'connection'))),
    secretRef: optionalText(row.columns, 'secretRef'),
  };
}
