import { migrate } from '../store/migrate';
import type { Store } from '../store/store';
import type { IncomingMessage } from './amqp/message-codec';
import type { QueueOptions } from './queue-options';

/** Where a message is in its life; the numbers are those of Service Bus (x-opt-message-state). */
export const STATE = { active: 0, deferred: 1, scheduled: 2 } as const;
export type State = (typeof STATE)[keyof typeof STATE];

/** Everything of a message but its content: what the queues keep in memory. */
export interface MessageRow {
  seq: number;
  dead: boolean;
  state: State;
  /** Deliveries begun. */
  attempts: number;
  enqueuedAtMs: number;
  /** When a scheduled message becomes active. */
  dueAtMs?: number;
  /** When it expires; absent: never. */
  expiresAtMs?: number;
}

/** What is needed to hand a message out. */
export interface MessageContent {
  durable: boolean;
  priority?: number;
  ttlMs?: number;
  enqueuedSequenceNumber: number;
  annotations: Buffer;
  bare: Buffer;
}

const STEPS = [
  `
  CREATE TABLE broker_queues (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    options TEXT NOT NULL,
    next_seq INTEGER NOT NULL
  );
  CREATE TABLE broker_messages (
    queue INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    due_at INTEGER,
    expires_at INTEGER,
    enqueued_seq INTEGER NOT NULL,
    durable INTEGER NOT NULL,
    priority INTEGER,
    ttl INTEGER,
    annotations BLOB NOT NULL,
    bare BLOB NOT NULL,
    PRIMARY KEY (queue, seq)
  );
  CREATE TABLE broker_seen_ids (
    queue INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (queue, message_id)
  ) WITHOUT ROWID;
  `,
];

/** Sequence numbers are reserved in blocks, so that they rise over restarts without a write for each message. */
const SEQUENCE_BLOCK = 256;

/** The broker's tables. Every method is synchronous and part of the store's open transaction. */
export class MessageStore {
  constructor(readonly store: Store) {
    migrate(store, 'broker', STEPS);
  }

  queues(): { id: number; name: string; options: QueueOptions; nextSeq: number }[] {
    const rows = this.store
      .prepare('SELECT id, name, options, next_seq FROM broker_queues ORDER BY id')
      .all();
    return rows.map((row) => ({
      id: Number(row['id']),
      name: String(row['name']),
      options: JSON.parse(String(row['options'])) as QueueOptions,
      nextSeq: Number(row['next_seq']),
    }));
  }

  /** @returns the id of the queue, new or changed. */
  saveQueue(name: string, options: QueueOptions): number {
    return this.store.write(() => {
      const row = this.store
        .prepare(
          `INSERT INTO broker_queues (name, options, next_seq) VALUES (?1, ?2, 1)
           ON CONFLICT (name) DO UPDATE SET options = excluded.options RETURNING id`,
        )
        .get(name, JSON.stringify(options));
      return Number(row?.['id']);
    });
  }

  deleteQueue(id: number): void {
    this.store.write(() => {
      this.store.prepare('DELETE FROM broker_messages WHERE queue = ?').run(id);
      this.store.prepare('DELETE FROM broker_seen_ids WHERE queue = ?').run(id);
      this.store.prepare('DELETE FROM broker_queues WHERE id = ?').run(id);
    });
  }

  /** @returns the first number after the block that is now reserved. */
  reserveSequence(queue: number, from: number): number {
    const end = from + SEQUENCE_BLOCK;
    this.store.write(() =>
      this.store.prepare('UPDATE broker_queues SET next_seq = ? WHERE id = ?').run(end, queue),
    );
    return end;
  }

  /** Every message of a queue and its dead-letter queue, by sequence number. */
  rows(queue: number): MessageRow[] {
    const rows = this.store
      .prepare(
        `SELECT seq, dead, state, attempts, enqueued_at, due_at, expires_at FROM broker_messages
         WHERE queue = ? ORDER BY seq`,
      )
      .all(queue);
    return rows.map((row) => ({
      seq: Number(row['seq']),
      dead: row['dead'] === 1,
      state: Number(row['state']) as State,
      attempts: Number(row['attempts']),
      enqueuedAtMs: Number(row['enqueued_at']),
      ...(row['due_at'] === null ? {} : { dueAtMs: Number(row['due_at']) }),
      ...(row['expires_at'] === null ? {} : { expiresAtMs: Number(row['expires_at']) }),
    }));
  }

  insert(queue: number, row: MessageRow, message: IncomingMessage): void {
    this.store
      .prepare(
        `INSERT INTO broker_messages (queue, seq, dead, state, attempts, enqueued_at, due_at, expires_at,
           enqueued_seq, durable, priority, ttl, annotations, bare)
         VALUES (?, ?, 0, ?, 0, ?, ?, ?, 0, ?, ?, ?, ?, ?)`,
      )
      .run(
        queue,
        row.seq,
        row.state,
        row.enqueuedAtMs,
        row.dueAtMs ?? null,
        row.expiresAtMs ?? null,
        message.durable ? 1 : 0,
        message.priority ?? null,
        message.ttlMs ?? null,
        message.annotations,
        message.bare,
      );
  }

  content(queue: number, seq: number): MessageContent | undefined {
    const row = this.store
      .prepare(
        `SELECT enqueued_seq, durable, priority, ttl, annotations, bare FROM broker_messages
         WHERE queue = ? AND seq = ?`,
      )
      .get(queue, seq);
    if (!row) return undefined;
    return {
      durable: row['durable'] === 1,
      ...(row['priority'] === null ? {} : { priority: Number(row['priority']) }),
      ...(row['ttl'] === null ? {} : { ttlMs: Number(row['ttl']) }),
      enqueuedSequenceNumber: Number(row['enqueued_seq']),
      annotations: asBuffer(row['annotations']),
      bare: asBuffer(row['bare']),
    };
  }

  delete(queue: number, seq: number): void {
    this.store.prepare('DELETE FROM broker_messages WHERE queue = ? AND seq = ?').run(queue, seq);
  }

  setAttempts(queue: number, seq: number, attempts: number): void {
    this.store
      .prepare('UPDATE broker_messages SET attempts = ? WHERE queue = ? AND seq = ?')
      .run(attempts, queue, seq);
  }

  setState(queue: number, seq: number, state: State): void {
    this.store
      .prepare('UPDATE broker_messages SET state = ? WHERE queue = ? AND seq = ?')
      .run(state, queue, seq);
  }

  setBare(queue: number, seq: number, bare: Buffer): void {
    this.store
      .prepare('UPDATE broker_messages SET bare = ? WHERE queue = ? AND seq = ?')
      .run(bare, queue, seq);
  }

  /** Moves a message to the dead-letter queue, where it neither expires nor counts deliveries. */
  bury(queue: number, seq: number, bare: Buffer): void {
    this.store
      .prepare(
        `UPDATE broker_messages SET dead = 1, state = 0, attempts = 0, expires_at = NULL, enqueued_seq = seq,
           bare = ?3 WHERE queue = ?1 AND seq = ?2`,
      )
      .run(queue, seq, bare);
  }

  /** A scheduled message enters the queue: it takes a new sequence number and the time of now. */
  activate(queue: number, seq: number, row: MessageRow): void {
    this.store
      .prepare(
        `UPDATE broker_messages SET seq = ?3, state = 0, enqueued_at = ?4, due_at = NULL, expires_at = ?5,
           enqueued_seq = ?2 WHERE queue = ?1 AND seq = ?2`,
      )
      .run(queue, seq, row.seq, row.enqueuedAtMs, row.expiresAtMs ?? null);
  }

  /** Message ids seen since `sinceMs`, oldest first, with the time; older ones are forgotten. */
  seenIds(queue: number, sinceMs: number): [string, number][] {
    this.store.write(() =>
      this.store.prepare('DELETE FROM broker_seen_ids WHERE queue = ? AND seen_at < ?').run(queue, sinceMs),
    );
    const rows = this.store
      .prepare('SELECT message_id, seen_at FROM broker_seen_ids WHERE queue = ? ORDER BY seen_at')
      .all(queue);
    return rows.map((row) => [String(row['message_id']), Number(row['seen_at'])]);
  }

  rememberId(queue: number, messageId: string, atMs: number): void {
    this.store.prepare('INSERT OR REPLACE INTO broker_seen_ids VALUES (?, ?, ?)').run(queue, messageId, atMs);
  }

  forgetId(queue: number, messageId: string): void {
    this.store
      .prepare('DELETE FROM broker_seen_ids WHERE queue = ? AND message_id = ?')
      .run(queue, messageId);
  }

  /** Sequence numbers from `fromSeq` on, of every state. */
  browse(queue: number, dead: boolean, fromSeq: number, limit: number): number[] {
    const rows = this.store
      .prepare(
        'SELECT seq FROM broker_messages WHERE queue = ? AND dead = ? AND seq >= ? ORDER BY seq LIMIT ?',
      )
      .all(queue, dead ? 1 : 0, fromSeq, limit);
    return rows.map((row) => Number(row['seq']));
  }
}

function asBuffer(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) return Buffer.alloc(0);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
