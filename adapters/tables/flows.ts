import { createHash } from 'node:crypto';
import { flowDefinition, type FlowDefinition } from '../../contracts/flow-definition';
import { flowSnapshotKey } from '../blobs/blob-keys';
import { Cache } from '../cache';
import type { Blobs, FlowChange, Flows, StoredFlow } from '../ports';
import { instantColumn, requireInstant, requireText } from './columns';
import type { Columns, Key, RowWrite, StoredRow, Table } from './table';

const PARTITION = 'flow';

/** How long another process may go on starting the definition that was current before (ms). */
const CURRENT_FOR_MS = 1_000;

/** Partition `flow`, row = name: the hash of the current definition. The definitions are blobs under their hash. */
export class TableFlows implements Flows {
  private readonly snapshots = new Cache<FlowDefinition>({ entries: 500 });
  private readonly current: Cache<StoredFlow>;

  constructor(private readonly options: { table: Table; blobs: Blobs; now: () => number }) {
    this.current = new Cache({ entries: 500, keepMs: CURRENT_FOR_MS, now: options.now });
  }

  async put(definition: FlowDefinition): Promise<StoredFlow> {
    const stored = await this.keep(definition);
    await this.options.table.put(keyOf(stored.name), columnsOf(stored));
    this.current.set(stored.name, stored);
    return stored;
  }

  async change(changes: readonly FlowChange[]): Promise<boolean> {
    const writes = await Promise.all(changes.map((change) => this.writeOf(change)));
    const possible = writes.filter((write) => write !== undefined);
    if (possible.length < writes.length) return false;
    const changed = possible.length === 0 || (await this.options.table.transact(possible));
    for (const { name } of changes) this.current.delete(name);
    return changed;
  }

  /** @returns undefined when the flow is not what the change begins from. */
  private async writeOf({ name, was, definition }: FlowChange): Promise<RowWrite | undefined> {
    const key = keyOf(name);
    const row = await this.options.table.get(key);
    if ((row && requireText(row.columns, 'hash')) !== was) return undefined;
    if (!definition) return { kind: 'remove', key };
    const columns = columnsOf(await this.keep(definition));
    return row ? { kind: 'replace', key, columns, etag: row.etag } : { kind: 'insert', key, columns };
  }

  /** Keeps the snapshot, which makes nothing current. */
  private async keep(definition: FlowDefinition): Promise<StoredFlow> {
    const content = Buffer.from(JSON.stringify(definition));
    const hash = createHash('sha256').update(content).digest('hex');
    await this.options.blobs.put(flowSnapshotKey(hash), content);
    this.snapshots.set(hash, definition);
    return { name: definition.name, hash, updatedMs: this.options.now(), definition };
  }

  async get(name: string): Promise<StoredFlow | undefined> {
    const known = this.current.get(name);
    if (known) return known;
    const row = await this.options.table.get({ partition: PARTITION, row: name });
    return row && (await this.fromRow(row));
  }

  async list(): Promise<StoredFlow[]> {
    const rows = await this.options.table.query({ partition: PARTITION });
    return Promise.all(rows.map((row) => this.fromRow(row)));
  }

  async snapshot(hash: string): Promise<FlowDefinition | undefined> {
    const known = this.snapshots.get(hash);
    if (known) return known;
    const content = await this.options.blobs.get(flowSnapshotKey(hash));
    if (!content) return undefined;
    const definition = flowDefinition.parse(JSON.parse(Buffer.from(content).toString('utf8')));
    this.snapshots.set(hash, definition);
    return definition;
  }

  private async fromRow(row: StoredRow): Promise<StoredFlow> {
    const hash = requireText(row.columns, 'hash');
    const definition = await this.snapshot(hash);
    if (!definition) throw new Error(`the definition of the flow ${row.row} is missing`);
    const stored = {
      name: row.row,
      hash,
      updatedMs: requireInstant(row.columns, 'updatedAt'),
      definition,
    };
    this.current.set(stored.name, stored);
    return stored;
  }
}

function keyOf(name: string): Key {
  return { partition: PARTITION, row: name };
}

function columnsOf({ hash, updatedMs }: StoredFlow): Columns {
  return { hash, updatedAt: instantColumn(updatedMs) };
}
