import type { Store } from '../store/store';
import type { RuntimeStatus } from './engine-api';
import type { ParentInstance } from './history';
import { EPISODES_PER_INSTANCE } from './schema';
import { statusName, statusNumber } from './statuses';

export const ORCHESTRATION = 0;
export const ENTITY = 1;

/** The small, often written part of an instance. */
export interface InstanceRow {
  seq: number;
  id: string;
  kind: number;
  name: string;
  executionId: string;
  status: RuntimeStatus;
  createdMs: number;
  updatedMs: number;
  /** History rows written for the current execution. */
  episodes: number;
  customStatus: string | null;
  /** JSON text when Completed, plain text otherwise. */
  output: string | null;
  lockedBy: string | null;
}

/** What an execution was started with; written once per execution. */
export interface InputRow {
  input: string | null;
  version: string | null;
  parent: ParentInstance | null;
  generation: 0 | null;
}

type Row = Record<string, unknown>;
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export function instanceRow(row: Row): InstanceRow {
  return {
    seq: Number(row['seq']),
    id: String(row['id']),
    kind: Number(row['kind']),
    name: String(row['name']),
    executionId: String(row['execution_id']),
    status: statusName(Number(row['status'])),
    createdMs: Number(row['created_ms']),
    updatedMs: Number(row['updated_ms']),
    episodes: Number(row['episodes']),
    customStatus: textOrNull(row['custom_status']),
    output: textOrNull(row['output']),
    lockedBy: textOrNull(row['locked_by']),
  };
}

/** SQL over the instances, their inputs, entity states and histories. Writes belong inside a transaction. */
export class Instances {
  private nextSeq: number;
  private readonly rows = new RowCache();

  constructor(private readonly store: Store) {
    const row = store.prepare('SELECT max(seq) AS last FROM d_instance').get();
    this.nextSeq = Number(row?.['last'] ?? 0) + 1;
  }

  /** What memory knows of instances may be wrong after a write that failed. */
  forgetAll(): void {
    this.rows.clear();
  }

  find(id: string): InstanceRow | undefined {
    const cached = this.rows.byId(id);
    if (cached) return { ...cached };
    const row = this.store.prepare('SELECT * FROM d_instance WHERE id = ?').get(id);
    return row && this.rows.keep(instanceRow(row));
  }

  get(seq: number): InstanceRow | undefined {
    const cached = this.rows.bySeq(seq);
    if (cached) return { ...cached };
    const row = this.store.prepare('SELECT * FROM d_instance WHERE seq = ?').get(seq);
    return row && this.rows.keep(instanceRow(row));
  }

  input(seq: number): InputRow {
    const row = this.store.prepare('SELECT * FROM d_input WHERE seq = ?').get(seq);
    const parent = textOrNull(row?.['parent']);
    return {
      input: textOrNull(row?.['input']),
      version: textOrNull(row?.['version']),
      parent: parent === null ? null : (JSON.parse(parent) as ParentInstance),
      generation: row?.['generation'] === 0 ? 0 : null,
    };
  }

  entityState(seq: number): string | null {
    return textOrNull(this.store.prepare('SELECT state FROM d_entity WHERE seq = ?').get(seq)?.['state']);
  }

  insert(row: Pick<InstanceRow, 'id' | 'kind' | 'name' | 'executionId' | 'status'>, nowMs: number): number {
    const seq = this.nextSeq++;
    this.store
      .prepare(
        `INSERT INTO d_instance (seq, id, kind, name, execution_id, status, created_ms, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)`,
      )
      .run(seq, row.id, row.kind, row.name, row.executionId, statusNumber(row.status), nowMs);
    return seq;
  }

  writeInput(seq: number, row: InputRow): void {
    this.store
      .prepare('INSERT OR REPLACE INTO d_input VALUES (?1, ?2, ?3, ?4, ?5)')
      .run(seq, row.input, row.version, row.parent && JSON.stringify(row.parent), row.generation);
  }

  writeEntityState(seq: number, state: string | null): void {
    this.store.prepare('INSERT OR REPLACE INTO d_entity VALUES (?1, ?2)').run(seq, state);
  }

  /** Changes no indexed column. */
  touch(seq: number, episodes: number, customStatus: string | null, nowMs: number): void {
    this.store
      .prepare('UPDATE d_instance SET episodes = ?2, custom_status = ?3, updated_ms = ?4 WHERE seq = ?1')
      .run(seq, episodes, customStatus, nowMs);
    this.rows.change(seq, { episodes, customStatus, updatedMs: nowMs });
  }

  setStatus(seq: number, status: RuntimeStatus, output: string | null): void {
    this.store
      .prepare('UPDATE d_instance SET status = ?2, output = ?3 WHERE seq = ?1')
      .run(seq, statusNumber(status), output);
    this.rows.change(seq, { status, output });
  }

  /** A new execution under the same id: created anew, as the extension reports it. */
  continueAs(seq: number, executionId: string, nowMs: number): void {
    this.store
      .prepare('UPDATE d_instance SET execution_id = ?2, created_ms = ?3 WHERE seq = ?1')
      .run(seq, executionId, nowMs);
    this.rows.change(seq, { executionId, createdMs: nowMs });
  }

  setLock(seq: number, lockedBy: string | null): void {
    this.store.prepare('UPDATE d_instance SET locked_by = ?2 WHERE seq = ?1').run(seq, lockedBy);
    this.rows.change(seq, { lockedBy });
  }

  lockedBy(instanceId: string): InstanceRow[] {
    return this.store
      .prepare('SELECT * FROM d_instance WHERE locked_by = ?')
      .all(instanceId)
      .map((row) => instanceRow(row));
  }

  appendHistory(seq: number, episode: number, eventsJson: string): void {
    this.store
      .prepare('INSERT INTO d_history VALUES (?1, ?2)')
      .run(seq * EPISODES_PER_INSTANCE + episode, eventsJson);
  }

  /** JSON arrays of events, one per episode, oldest first. */
  history(seq: number): { id: number; events: string }[] {
    return this.store
      .prepare('SELECT id, events FROM d_history WHERE id >= ?1 AND id < ?2 ORDER BY id')
      .all(seq * EPISODES_PER_INSTANCE, (seq + 1) * EPISODES_PER_INSTANCE)
      .map((row) => ({ id: Number(row['id']), events: String(row['events']) }));
  }

  rewriteHistoryRow(id: number, eventsJson: string): void {
    this.store.prepare('UPDATE d_history SET events = ?2 WHERE id = ?1').run(id, eventsJson);
  }

  deleteHistory(seq: number): void {
    this.store
      .prepare('DELETE FROM d_history WHERE id >= ?1 AND id < ?2')
      .run(seq * EPISODES_PER_INSTANCE, (seq + 1) * EPISODES_PER_INSTANCE);
  }

  delete(seq: number): void {
    this.rows.drop(seq);
    this.deleteHistory(seq);
    for (const table of ['d_instance', 'd_input', 'd_entity']) {
      this.store.prepare(`DELETE FROM ${table} WHERE seq = ?`).run(seq);
    }
  }
}

/** Instances held at most. */
const ROWS = 5000;

/** The rows used last, by number and by id; callers get copies. */
class RowCache {
  private readonly rows = new Map<number, InstanceRow>();
  private readonly ids = new Map<string, number>();

  byId(id: string): InstanceRow | undefined {
    const seq = this.ids.get(id);
    return seq === undefined ? undefined : this.rows.get(seq);
  }

  bySeq(seq: number): InstanceRow | undefined {
    return this.rows.get(seq);
  }

  keep(row: InstanceRow): InstanceRow {
    if (this.rows.size >= ROWS) {
      for (const oldest of this.rows.keys()) {
        this.drop(oldest);
        break;
      }
    }
    this.rows.set(row.seq, { ...row });
    this.ids.set(row.id, row.seq);
    return row;
  }

  change(seq: number, values: Partial<InstanceRow>): void {
    const row = this.rows.get(seq);
    if (row) Object.assign(row, values);
  }

  drop(seq: number): void {
    const row = this.rows.get(seq);
    if (!row) return;
    this.rows.delete(seq);
    this.ids.delete(row.id);
  }

  clear(): void {
    this.rows.clear();
    this.ids.clear();
  }
}
