import { EngineError } from './engine-error';
import type {
  EntityQuery,
  EntityState,
  InstanceQuery,
  InstanceState,
  Page,
  RuntimeStatus,
} from './engine-api';
import { entityInstanceId, entityOf } from './entity-message';
import type { HistoryEvent } from './history';
import type { Hub } from './hub';
import { ENTITY, instanceRow, type InstanceRow } from './instances';
import { textAsJson } from './json-text';
import { shownHistory } from './status-history';
import { statusNumber } from './statuses';

/** Page size when the caller names none. */
const DEFAULT_TOP = 1000;
/** Rows looked at for one page at most; a page may therefore be short, or empty, and still have a successor. */
const SCAN_LIMIT = 5000;
/** Sorts after every instance id. */
const LAST = '\u{10ffff}';

type Bound = string | number;

/** A place in the order of a query; opaque to callers. */
type Cursor = { by: 'id'; id: string } | { by: 'created'; ms: number; seq: number };

/** Reads of instances and entities. Every page costs at most a bounded number of index steps. */
export class Queries {
  constructor(private readonly hub: Hub) {}

  get(
    instanceId: string,
    options: { history?: boolean; historyOutput?: boolean },
  ): InstanceState | undefined {
    const row = this.hub.instances.find(instanceId);
    if (!row) return undefined;
    const state = this.state(row);
    if (!options.history || row.kind === ENTITY) return state;
    const events = this.hub.instances
      .history(row.seq)
      .flatMap(({ events: json }) => JSON.parse(json) as HistoryEvent[]);
    return { ...state, history: shownHistory(events, options.historyOutput === true) };
  }

  query(query: InstanceQuery): Page<InstanceState> {
    const { rows, next } = this.page(query);
    const items = rows.map((row) => this.state(row));
    return next === undefined ? { items } : { items, continuationToken: next };
  }

  /** Instances in the order of their ids, or of their creation when a time or a status restricts them. */
  page(query: InstanceQuery): { rows: InstanceRow[]; next: string | undefined } {
    const top = Math.min(query.top ?? DEFAULT_TOP, DEFAULT_TOP);
    const cursor = decodeCursor(query.continuationToken);
    const byCreated =
      query.instanceIdPrefix === undefined &&
      (query.createdFromMs !== undefined ||
        query.createdToMs !== undefined ||
        query.runtimeStatus !== undefined);
    if (cursor && (cursor.by === 'created') !== byCreated) throw invalidToken();
    const candidates = byCreated ? this.byCreated(query, cursor, top) : this.byId(query, cursor);
    const rows: InstanceRow[] = [];
    let last: InstanceRow | undefined;
    for (const row of candidates) {
      if (rows.length === top) return { rows, next: last && encodeCursor(cursorOf(last, byCreated)) };
      last = row;
      if (matches(row, query)) rows.push(row);
    }
    const isCut = candidates.length >= (byCreated ? top + 1 : SCAN_LIMIT);
    return { rows, next: isCut && last ? encodeCursor(cursorOf(last, byCreated)) : undefined };
  }

  readEntity(name: string, key: string): EntityState | undefined {
    const row = this.hub.instances.find(entityInstanceId(name, key));
    const state = row && this.hub.instances.entityState(row.seq);
    if (!row || typeof state !== 'string') return undefined;
    return {
      name: row.name,
      key,
      state: state === '' ? undefined : state,
      lastOperationMs: row.updatedMs,
    };
  }

  queryEntities(query: EntityQuery): Page<EntityState> {
    const prefix = query.name === undefined ? '@' : `@${query.name.toLowerCase()}@`;
    const { name: _name, lastOperationFromMs, lastOperationToMs, ...paging } = query;
    const { rows, next } = this.page({ ...paging, instanceIdPrefix: prefix });
    const items: EntityState[] = [];
    for (const row of rows) {
      const entity = entityOf(row.id);
      if (!entity || row.kind !== ENTITY) continue;
      if (row.updatedMs < (lastOperationFromMs ?? -Infinity)) continue;
      if (row.updatedMs > (lastOperationToMs ?? Infinity)) continue;
      const state = this.hub.instances.entityState(row.seq);
      if (state === null) continue;
      items.push({ ...entity, state: state === '' ? undefined : state, lastOperationMs: row.updatedMs });
    }
    return next === undefined ? { items } : { items, continuationToken: next };
  }

  state(row: InstanceRow): InstanceState {
    const { name, id, executionId, status, createdMs, updatedMs, customStatus } = row;
    const isEntity = row.kind === ENTITY;
    return {
      name: isEntity ? id : name,
      instanceId: id,
      executionId,
      runtimeStatus: status,
      input: isEntity ? this.entityInput(row) : (this.hub.instances.input(row.seq).input ?? undefined),
      output: status === 'Completed' ? (row.output ?? undefined) : textAsJson(row.output),
      customStatus: customStatus ?? (isEntity ? '{}' : undefined),
      createdMs: isEntity ? updatedMs : createdMs,
      lastUpdatedMs: updatedMs,
    };
  }

  /** The scheduler state that the extension keeps as the input of an entity's instance. */
  private entityInput(row: InstanceRow): string {
    const state = this.hub.instances.entityState(row.seq);
    return JSON.stringify({
      ...(state !== null && { exists: true }),
      ...(state !== null && state !== '' && { state }),
      ...(row.lockedBy !== null && { lockedBy: row.lockedBy }),
      sorter: {},
    });
  }

  private byId(query: InstanceQuery, cursor: Cursor | undefined): InstanceRow[] {
    const prefix = query.instanceIdPrefix ?? '';
    const after = cursor?.by === 'id' ? cursor.id : undefined;
    return this.rows(
      `SELECT * FROM d_instance WHERE id ${after === undefined ? '>=' : '>'} ?1 AND id < ?2 ORDER BY id LIMIT ?3`,
      [after ?? prefix, `${prefix}${LAST}`, SCAN_LIMIT],
    );
  }

  /** Merges one ordered, limited index scan per status, so that other statuses cost nothing. */
  private byCreated(query: InstanceQuery, cursor: Cursor | undefined, top: number): InstanceRow[] {
    const from = query.createdFromMs ?? 0;
    const to = query.createdToMs ?? Number.MAX_SAFE_INTEGER;
    const after = cursor?.by === 'created' ? cursor : { ms: from, seq: -1 };
    const bounds: Bound[] = [after.ms, after.seq, to, top + 1];
    const where = '(created_ms, seq) > (?1, ?2) AND created_ms <= ?3 ORDER BY created_ms, seq LIMIT ?4';
    if (query.runtimeStatus === undefined) {
      return this.rows(`SELECT * FROM d_instance WHERE ${where}`, bounds);
    }
    return [...new Set(query.runtimeStatus)]
      .flatMap((status: RuntimeStatus) =>
        this.rows(`SELECT * FROM d_instance WHERE status = ?5 AND ${where}`, [
          ...bounds,
          statusNumber(status),
        ]),
      )
      .sort((a, b) => a.createdMs - b.createdMs || a.seq - b.seq)
      .slice(0, top + 1);
  }

  private rows(sql: string, bounds: readonly Bound[]): InstanceRow[] {
    return this.hub.store
      .prepare(sql)
      .all(...bounds)
      .map((row) => instanceRow(row));
  }
}

function matches(row: InstanceRow, query: InstanceQuery): boolean {
  if (query.runtimeStatus !== undefined && !query.runtimeStatus.includes(row.status)) return false;
  if (row.createdMs < (query.createdFromMs ?? -Infinity)) return false;
  return row.createdMs <= (query.createdToMs ?? Infinity);
}

const cursorOf = (row: InstanceRow, byCreated: boolean): Cursor =>
  byCreated ? { by: 'created', ms: row.createdMs, seq: row.seq } : { by: 'id', id: row.id };

const encodeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

function decodeCursor(token: string | undefined): Cursor | undefined {
  if (token === undefined || token.trim() === '') return undefined;
  try {
    const value = JSON.parse(Buffer.from(token.trim(), 'base64url').toString()) as Record<string, unknown>;
    if (value['by'] === 'id' && typeof value['id'] === 'string') return { by: 'id', id: value['id'] };
    if (value['by'] === 'created' && typeof value['ms'] === 'number' && typeof value['seq'] === 'number') {
      return { by: 'created', ms: value['ms'], seq: value['seq'] };
    }
  } catch {
    // Told below.
  }
  throw invalidToken();
}

const invalidToken = (): EngineError =>
  new EngineError('InvalidContinuationToken', 'The continuation token is not one of this query.');
