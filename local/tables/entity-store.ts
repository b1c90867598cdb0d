import type { StatementSync } from 'node:sqlite';
import type { Store } from '../store/store';
import type { EntityKey } from './entity';
import { single, type KeyRange } from './key-range';

/** An entity at rest: keys, last change in microseconds since the epoch, properties as JSON text in wire form. */
export interface EntityRow extends EntityKey {
  changedUs: number;
  properties: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS tables_table (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE IF NOT EXISTS tables_entity (
    tbl INTEGER NOT NULL,
    pk TEXT NOT NULL,
    rk TEXT NOT NULL,
    changed INTEGER NOT NULL,
    properties TEXT NOT NULL,
    PRIMARY KEY (tbl, pk, rk)
  ) STRICT;`;
const COLUMNS = 'pk AS partitionKey, rk AS rowKey, changed AS changedUs, properties';

/** Rows of all tables in SQLite: no rules, only keys and order. Writes must run inside `store.write`. */
export class EntityStore {
  private readonly ids = new Map<string, number>();

  constructor(private readonly store: Store) {
    store.write(() => store.db.exec(SCHEMA));
    store.onRollback(() => this.ids.clear());
  }

  /** The internal id of a table (names ignore case), or undefined. */
  tableId(name: string): number | undefined {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const row = this.store
      .prepare('SELECT id FROM tables_table WHERE folded = ?')
      .get(name.toLowerCase()) as unknown as { id: number } | undefined;
    if (row) this.ids.set(name, row.id);
    return row?.id;
  }

  /** @returns false when there is a table of this name. */
  createTable(name: string): boolean {
    const { changes } = this.store
      .prepare('INSERT INTO tables_table (name, folded) VALUES (?, ?) ON CONFLICT DO NOTHING')
      .run(name, name.toLowerCase());
    return changes === 1;
  }

  /** @returns false when there is no table of this name. */
  deleteTable(name: string): boolean {
    const id = this.tableId(name);
    if (id === undefined) return false;
    this.store.prepare('DELETE FROM tables_entity WHERE tbl = ?').run(id);
    this.store.prepare('DELETE FROM tables_table WHERE id = ?').run(id);
    this.ids.clear();
    return true;
  }

  /** Names in order (case folded), from `from` on. */
  tableNames(from: string): string[] {
    const rows = this.store
      .prepare('SELECT name FROM tables_table WHERE folded >= ? ORDER BY folded')
      .all(from.toLowerCase()) as unknown as { name: string }[];
    return rows.map((row) => row.name);
  }

  get(table: number, key: EntityKey): EntityRow | undefined {
    return this.store
      .prepare(`SELECT ${COLUMNS} FROM tables_entity WHERE tbl = ? AND pk = ? AND rk = ?`)
      .get(table, key.partitionKey, key.rowKey) as unknown as EntityRow | undefined;
  }

  /** @returns false when the key is taken. */
  insert(table: number, row: EntityRow): boolean {
    const { changes } = this.store
      .prepare(
        'INSERT INTO tables_entity (tbl, pk, rk, changed, properties) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      )
      .run(table, row.partitionKey, row.rowKey, row.changedUs, row.properties);
    return changes === 1;
  }

  update(table: number, row: EntityRow): void {
    this.store
      .prepare('UPDATE tables_entity SET changed = ?, properties = ? WHERE tbl = ? AND pk = ? AND rk = ?')
      .run(row.changedUs, row.properties, table, row.partitionKey, row.rowKey);
  }

  delete(table: number, key: EntityKey): void {
    this.store
      .prepare('DELETE FROM tables_entity WHERE tbl = ? AND pk = ? AND rk = ?')
      .run(table, key.partitionKey, key.rowKey);
  }

  /** Rows of a box of keys in the order of the primary key; `from` is the key to go on with, itself included. */
  scan(table: number, range: KeyRange, from?: EntityKey): Iterable<EntityRow> {
    const { sql, values } = scanSql(range, from);
    const statement: StatementSync = this.store.prepare(sql);
    return statement.iterate(table, ...values) as unknown as Iterable<EntityRow>;
  }
}

/** The query behind `scan`. Within one partition the row keys bound it; else the partition keys do. */
export function scanSql(range: KeyRange, from?: EntityKey): { sql: string; values: string[] } {
  const conditions = ['tbl = ?'];
  const values: string[] = [];
  const add = (condition: string, ...bound: string[]): void => {
    conditions.push(condition);
    values.push(...bound);
  };
  const partition = single(range.partition);
  const [column, interval] = partition === undefined ? ['pk', range.partition] : ['rk', range.row];
  if (partition !== undefined) add('pk = ?', partition);
  if (from !== undefined && from.partitionKey === partition) add('rk >= ?', from.rowKey);
  else if (from !== undefined) add('(pk, rk) >= (?, ?)', from.partitionKey, from.rowKey);
  else if (interval.low) add(`${column} ${interval.low.inclusive ? '>=' : '>'} ?`, interval.low.value);
  if (interval.high) add(`${column} ${interval.high.inclusive ? '<=' : '<'} ?`, interval.high.value);
  return {
    sql: `SELECT ${COLUMNS} FROM tables_entity WHERE ${conditions.join(' AND ')} ORDER BY pk, rk`,
    values,
  };
}
