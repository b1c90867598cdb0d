import type { TableClient, TransactionAction } from '@azure/data-tables';
import type { Columns, Key, StoredRow } from './row';
import type { RowRequests } from './row-requests';

export type { Columns, Key, StoredRow } from './row';

/** One write of a transaction. */
export type RowWrite =
  | { kind: 'insert'; key: Key; columns: Columns }
  | { kind: 'replace'; key: Key; columns: Columns; etag: string }
  | { kind: 'remove'; key: Key };

/** Every query names its partition; a row bound or a filter on columns narrows it further. */
export interface PartitionQuery {
  partition: string;
  /** Only rows whose key is greater. */
  after?: string | undefined;
  /** Only rows whose key is less. */
  below?: string | undefined;
  /** Columns that must equal these values. */
  where?: Record<string, string | undefined>;
  top?: number;
}

/** What stores do with a table. */
export type TableRows = Pick<Table, keyof Table>;

/** A table's client, and a shorter way to its single rows where there is one. */
export interface OpenTable {
  client: TableClient;
  rows?: RowRequests | undefined;
}

/** One table, created when it is first used. Answers "exists" and "changed meanwhile" as values; other failures are thrown. */
export class Table {
  private ready: Promise<OpenTable> | undefined;

  constructor(private readonly open: () => Promise<OpenTable>) {}

  /** @returns false when a row of this key exists; it stays as it is. */
  async insert(key: Key, columns: Columns): Promise<boolean> {
    const { client, rows } = await this.opened();
    if (rows) return rows.insert(key, columns);
    return (await unlessStatus(409, client.createEntity(entity(key, columns)))) !== undefined;
  }

  async get(key: Key): Promise<StoredRow | undefined> {
    const { client, rows } = await this.opened();
    if (rows) return rows.get(key);
    const found = await unlessStatus(404, client.getEntity(key.partition, key.row));
    return found && storedRow(found);
  }

  /** Writes these columns, leaving the row's others as they are; creates the row when it is missing. */
  async merge(key: Key, columns: Columns): Promise<void> {
    const { client, rows } = await this.opened();
    if (rows) return rows.merge(key, columns);
    await client.upsertEntity(entity(key, columns), 'Merge');
  }

  /** Writes the row as a whole. */
  async put(key: Key, columns: Columns): Promise<void> {
    const { client, rows } = await this.opened();
    if (rows) return rows.put(key, columns);
    await client.upsertEntity(entity(key, columns), 'Replace');
  }

  /** Writes the row as a whole if it is still what `etag` names. @returns its new ETag, or undefined when it has changed. */
  async replace(key: Key, columns: Columns, etag: string): Promise<string | undefined> {
    const { client, rows } = await this.opened();
    if (rows) return rows.replace(key, columns, etag);
    const written = await unlessStatus(412, client.updateEntity(entity(key, columns), 'Replace', { etag }));
    return written && (written.etag ?? '*');
  }

  /** Removes the row; one that is not there is no error. */
  async remove(key: Key): Promise<void> {
    const { client } = await this.opened();
    await unlessStatus(404, client.deleteEntity(key.partition, key.row));
  }

  /**
   * Writes all or nothing: at most 100 rows of one partition.
   * @returns false when a row to insert exists, or one to replace has changed or is gone. One to remove is removed whatever it has become.
   */
  async transact(writes: readonly RowWrite[]): Promise<boolean> {
    const { client } = await this.opened();
    const actions = writes.map((write): TransactionAction => {
      if (write.kind === 'remove') return ['delete', entity(write.key, {})];
      const row = entity(write.key, write.columns);
      return write.kind === 'insert' ? ['create', row] : ['update', row, 'Replace', { etag: write.etag }];
    });
    try {
      await client.submitTransaction(actions);
      return true;
    } catch (cause) {
      if ([404, 409, 412].includes(statusOf(cause) ?? 0)) return false;
      throw cause;
    }
  }

  /** Rows in order of their key. */
  async query(query: PartitionQuery): Promise<StoredRow[]> {
    const { client } = await this.opened();
    const top = query.top ?? Number.POSITIVE_INFINITY;
    const rows: StoredRow[] = [];
    const pages = client
      .listEntities({ queryOptions: { filter: filterOf(query) } })
      .byPage({ maxPageSize: Math.min(top, MAX_PAGE) });
    for await (const page of pages) {
      for (const found of page) {
        rows.push(storedRow(found));
        if (rows.length === top) return rows;
      }
    }
    return rows;
  }

  /** Removes at most `most` rows of the partitions that begin with `prefix`. @returns how many. */
  async removePartitions(prefix: string, most: number): Promise<number> {
    const { client } = await this.opened();
    const last = String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
    const filter = `PartitionKey ge ${quoted(prefix)} and PartitionKey lt ${quoted(`${prefix.slice(0, -1)}${last}`)}`;
    const select = ['PartitionKey', 'RowKey'];
    const pages = client
      .listEntities({ queryOptions: { filter, select } })
      .byPage({ maxPageSize: Math.min(most, MAX_PAGE) });
    let removed = 0;
    for await (const page of pages) {
      const rows = page.slice(0, most - removed).map(storedRow);
      await Promise.all(rows.map((row) => this.remove(row)));
      removed += rows.length;
      if (removed >= most) break;
    }
    return removed;
  }

  private async opened(): Promise<OpenTable> {
    this.ready ??= this.create();
    return this.ready;
  }

  private async create(): Promise<OpenTable> {
    try {
      const opened = await this.open();
      await opened.client.createTable();
      return opened;
    } catch (cause) {
      this.ready = undefined;
      throw cause;
    }
  }
}

/** The service's own limit of rows per answer. */
const MAX_PAGE = 1_000;

function filterOf(query: PartitionQuery): string {
  const terms = [`PartitionKey eq ${quoted(query.partition)}`];
  if (query.after !== undefined) terms.push(`RowKey gt ${quoted(query.after)}`);
  if (query.below !== undefined) terms.push(`RowKey lt ${quoted(query.below)}`);
  for (const [column, value] of Object.entries(query.where ?? {})) {
    if (value !== undefined) terms.push(`${column} eq ${quoted(value)}`);
  }
  return terms.join(' and ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function entity(key: Key, columns: Columns): { partitionKey: string; rowKey: string } {
  const given = Object.entries(columns).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), partitionKey: key.partition, rowKey: key.row };
}

function storedRow(found: object): StoredRow {
  const row: StoredRow = { partition: '', row: '', etag: '', columns: {} };
  for (const [name, value] of Object.entries(found)) {
    if (name === 'partitionKey') row.partition = String(value);
    else if (name === 'rowKey') row.row = String(value);
    else if (name === 'etag') row.etag = String(value);
    else if (name === 'timestamp' || name.startsWith('odata.')) continue;
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      row.columns[name] = value;
    }
  }
  return row;
}

/** The result, or undefined when the service answered with `status`. */
async function unlessStatus<T>(status: number, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (cause) {
    if (statusOf(cause) === status) return undefined;
    throw cause;
  }
}

/** HTTP status of an Azure SDK's error. */
export function statusOf(cause: unknown): number | undefined {
  return typeof cause === 'object' &&
    cause !== null &&
    'statusCode' in cause &&
    typeof cause.statusCode === 'number'
    ? cause.statusCode
    : undefined;
}
