import { createHash } from 'node:crypto';
import { flowDefinition, type FlowDefinition } from '../../contracts/flow-definition';
import { flowSnapshotKey } from '../blobs/blob-keys';
import { Cache } from '../cache';
import type { BeforeCurrent, FlowChange, FlowDisabled, Flows, StoredFlow } from '../flow-ports';
import type { Blobs } from '../ports';
import { instantColumn, optionalNumber, requireInstant, requireText } from './columns';
import type { Columns, Key, RowWrite, StoredRow, Table } from './table';

const PARTITION = 'flow';

/** How long another process may go on starting the definition that was current before (ms). */
const CURRENT_FOR_MS = 1_000;

/**
 * Partition `flow`, row = name: the hash of the current definition, and whether it is enabled, disabled or deleted. The definitions
 * are blobs under their hash.
 */
export class TableFlows implements Flows {
  private readonly snapshots = new Cache<FlowDefinition>({ entries: 500 });
  private readonly current: Cache<StoredFlow>;

  constructor(private readonly options: { table: Table; blobs: Blobs; now: () => number }) {
    this.current = new Cache({ entries: 500, keepMs: CURRENT_FOR_MS, now: options.now });
  }

  async put(definition: FlowDefinition, before?: BeforeCurrent): Promise<StoredFlow> {
    const key = keyOf(definition.name);
    const { stored, columns } = await this.draft(definition, await this.options.table.get(key));
    await before?.(stored);
    await this.options.table.merge(key, columns);
    this.current.set(stored.name, stored);
    return stored;
  }

  async change(changes: readonly FlowChange[], before?: BeforeCurrent): Promise<boolean> {
    const writes = await Promise.all(changes.map((change) => this.writeOf(change, before)));
    const possible = writes.filter((write) => write !== undefined);
    if (possible.length < writes.length) return false;
    const changed = possible.length === 0 || (await this.options.table.transact(possible));
    for (const { name } of changes) this.current.delete(name);
    return changed;
  }

  async setState(name: string, to: 'enabled' | 'deleted' | FlowDisabled): Promise<number | undefined> {
    const { table } = this.options;
    for (;;) {
      const row = await table.get(keyOf(name));
      const state = typeof to === 'string' ? to : 'disabled';
      if (!row || isDeleted(row) || row.columns['state'] === state) return undefined;
      const columns = inState(row.columns, to);
      const written = await table.replace(row, columns, row.etag);
      this.current.delete(name);
      if (written !== undefined) return optionalNumber(columns, 'changes');
    }
  }

  async deleted(): Promise<string[]> {
    const rows = await this.options.table.query({ partition: PARTITION, where: { state: 'deleted' } });
    return rows.map(({ row }) => row);
  }

  async forget(name: string): Promise<void> {
    const row = await this.options.table.get(keyOf(name));
    if (row && isDeleted(row)) await this.options.table.remove(row);
  }

  async get(name: string): Promise<StoredFlow | undefined> {
    const known = this.current.get(name);
    if (known) return known;
    const row = await this.options.table.get(keyOf(name));
    return row && !isDeleted(row) ? this.fromRow(row) : undefined;
  }

  async list(): Promise<StoredFlow[]> {
    const rows = await this.options.table.query({ partition: PARTITION });
    return Promise.all(rows.filter((row) => !isDeleted(row)).map((row) => this.fromRow(row)));
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

  /** @returns undefined when the flow is not what the change begins from. */
  private async writeOf(
    { name, was, definition }: FlowChange,
    before?: BeforeCurrent,
  ): Promise<RowWrite | undefined> {
    const key = keyOf(name);
    const row = await this.options.table.get(key);
    const current = row && !isDeleted(row) ? requireText(row.columns, 'hash') : undefined;
    if (current !== was) return undefined;
    if (!definition) {
      return row && { kind: 'replace', key, columns: inState(row.columns, 'deleted'), etag: row.etag };
    }
    const { stored, columns } = await this.draft(definition, row);
    await before?.(stored);
    return row
      ? { kind: 'replace', key, columns: { ...row.columns, ...columns }, etag: row.etag }
      : { kind: 'insert', key, columns };
  }

  /** What a definition becomes in place of what the row holds. Keeps the snapshot, which makes nothing current. */
  private async draft(
    definition: FlowDefinition,
    row: StoredRow | undefined,
  ): Promise<{ stored: StoredFlow; columns: Columns }> {
    const { name } = definition;
    const content = Buffer.from(JSON.stringify(definition));
    const hash = createHash('sha256').update(content).digest('hex');
    await this.options.blobs.put(flowSnapshotKey(hash), content);
    this.snapshots.set(hash, definition);
    const updatedMs = this.options.now();
    const triggers = createHash('sha256').update(JSON.stringify(definition.triggers)).digest('hex');
    const known = row && !isDeleted(row) ? row.columns : undefined;
    const keeps = known && known['triggers'] === triggers;
    const triggerSinceMs = keeps ? requireInstant(known, 'triggerSince') : wholeSecond(updatedMs);
    const disabled = known && disabledOf(known);
    return {
      stored: { name, hash, updatedMs, definition, triggerSinceMs, ...(disabled ? { disabled } : {}) },
      columns: {
        hash,
        updatedAt: instantColumn(updatedMs),
        triggers,
        triggerSince: instantColumn(triggerSinceMs),
        ...(known ? {} : { state: 'enabled' }),
      },
    };
  }

  private async fromRow(row: StoredRow): Promise<StoredFlow> {
    const hash = requireText(row.columns, 'hash');
    const definition = await this.snapshot(hash);
    if (!definition) throw new Error(`the definition of the flow ${row.row} is missing`);
    const disabled = disabledOf(row.columns);
    const stored: StoredFlow = {
      name: row.row,
      hash,
      updatedMs: requireInstant(row.columns, 'updatedAt'),
      definition,
      triggerSinceMs: requireInstant(row.columns, 'triggerSince'),
      ...(disabled ? { disabled } : {}),
    };
    this.current.set(stored.name, stored);
    return stored;
  }
}

function keyOf(name: string): Key {
  return { partition: PARTITION, row: name };
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

function isDeleted({ columns }: StoredRow): boolean {
  return columns['state'] === 'deleted';
}

/** The columns after a change of state, which are numbered. */
function inState(columns: Columns, to: 'enabled' | 'deleted' | FlowDisabled): Columns {
  const { reason: _reason, by: _by, at: _at, ...kept } = columns;
  const changes = (optionalNumber(columns, 'changes') ?? 0) + 1;
  return typeof to === 'string'
    ? { ...kept, state: to, changes }
    : { ...kept, state: 'disabled', reason: to.reason, by: to.by, at: instantColumn(to.atMs), changes };
}

function disabledOf(columns: Columns): FlowDisabled | undefined {
  if (columns['state'] !== 'disabled') return undefined;
  const reason = columns['reason'] === 'ConsecutiveFailures' ? 'ConsecutiveFailures' : 'ByPerson';
  return { reason, by: requireText(columns, 'by'), atMs: requireInstant(columns, 'at') };
}
