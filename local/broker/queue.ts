import type { Typed } from 'rhea';
import type { Clock } from '../clock';
import { withApplicationProperties, type IncomingMessage } from './amqp/message-codec';
import { types } from './amqp/rhea-internals';
import { Deadlines } from './deadlines';
import { DuplicateFilter } from './duplicate-filter';
import { Lane, type Entry } from './lane';
import { STATE, type MessageRow, type MessageStore } from './message-store';
import {
  DEFAULT_LOCK_MS,
  DEFAULT_MAX_DELIVERIES,
  type QueueCounts,
  type QueueOptions,
} from './queue-options';

/** How a receiver ends its lock on a message. */
export type Settlement =
  | { kind: 'complete' }
  /** Back to the queue; counts as a delivery unless `uncounted`. */
  | { kind: 'abandon'; uncounted?: boolean; properties: Map<string, Typed> }
  | { kind: 'defer'; properties: Map<string, Typed> }
  /** To the dead-letter queue; the properties carry DeadLetterReason and DeadLetterErrorDescription. */
  | { kind: 'deadLetter'; properties: Map<string, Typed> };

/** What a queue shares with the others of its broker. */
export interface QueueContext {
  messages: MessageStore;
  /** Time to live, schedules, duplicate detection. */
  clock: Clock;
  /** Locks: real time. */
  lockClock: Clock;
  log(message: string, detail: Record<string, unknown>): void;
}

/** One queue with its dead-letter queue: rules over rows in the store and lanes in memory. */
export class Queue {
  readonly main: Lane;
  readonly dead: Lane;
  private nextSeq: number;
  private reservedTo: number;
  private readonly schedule: Deadlines<number>;
  private readonly expiries: Deadlines<number>;
  private readonly seen: DuplicateFilter;

  constructor(
    private readonly context: QueueContext,
    readonly id: number,
    readonly name: string,
    public options: QueueOptions,
    nextSeq: number,
  ) {
    this.nextSeq = nextSeq;
    this.reservedTo = nextSeq;
    const shared = {
      id,
      messages: context.messages,
      lockClock: context.lockClock,
      lockDurationMs: () => this.options.lockDurationMs ?? DEFAULT_LOCK_MS,
      log: (message: string, detail: Record<string, unknown>) =>
        context.log(message, { queue: name, ...detail }),
    };
    this.main = new Lane({ ...shared, takesReturned: (entry) => this.takesReturned(entry) });
    this.dead = new Lane({ ...shared, deadLetterSource: name, takesReturned: () => false });
    const isMain = (seq: number): boolean => this.main.entries.has(seq);
    this.schedule = new Deadlines(context.clock, (seqs) => this.activate(seqs), isMain);
    this.expiries = new Deadlines(context.clock, (seqs) => this.expire(seqs), isMain);
    this.seen = new DuplicateFilter(context.messages, id, context.clock);
    this.reload();
  }

  /** Reads everything again: at the start, and after the store threw away writes. */
  reload(): void {
    const rows = this.context.messages.rows(this.id);
    this.schedule.clear();
    this.expiries.clear();
    this.main.reload(rows.filter((row) => !row.dead));
    this.dead.reload(rows.filter((row) => row.dead));
    for (const entry of this.main.entries.values()) this.watch(entry);
    this.seen.load(this.options.duplicateDetectionWindowMs);
    this.main.pump();
    this.dead.pump();
  }

  configure(options: QueueOptions): void {
    this.options = options;
    this.seen.load(options.duplicateDetectionWindowMs);
  }

  lane(dead: boolean): Lane {
    return dead ? this.dead : this.main;
  }

  /**
   * Stores messages, all or none, and resolves when they are on disk. Before that only receivers in this process get them.
   * @returns their sequence numbers; a duplicate has none and is dropped.
   */
  async send(messages: IncomingMessage[]): Promise<number[]> {
    const entries = this.post(messages);
    await this.context.messages.store.durable();
    for (const entry of entries) entry.onDisk = true;
    return entries.map((entry) => entry.seq);
  }

  /** The same for a sender in this process, who need not wait for the disk. */
  post(messages: IncomingMessage[]): Entry[] {
    return this.publish(this.write(messages, this.context.clock.now()));
  }

  /** Removes messages that are still scheduled. @returns false when one of them is not (then none is removed). */
  async cancelScheduled(seqs: number[]): Promise<boolean> {
    const entries = seqs.map((seq) => this.main.entries.get(seq));
    if (!entries.every((entry): entry is Entry => entry?.state === STATE.scheduled)) return false;
    this.removeAll(entries);
    await this.context.messages.store.durable();
    return true;
  }

  /**
   * Ends a lock; resolves when that is on disk.
   * @throws LockLostError
   */
  async settle(dead: boolean, token: string, settlement: Settlement): Promise<void> {
    this.conclude(dead, token, settlement);
    await this.context.messages.store.durable();
  }

  /** The same for a receiver in this process, who need not wait for the disk. @throws LockLostError */
  conclude(dead: boolean, token: string, settlement: Settlement): void {
    const lane = this.lane(dead);
    const entry = lane.unlock(token);
    try {
      this.apply(lane, entry, settlement);
    } catch (cause) {
      lane.returned(entry);
      throw cause;
    } finally {
      lane.pump();
    }
  }

  /** Sequence numbers from `fromSeq` on, whatever the state of the messages. */
  browse(dead: boolean, fromSeq: number, limit: number): number[] {
    return this.context.messages.browse(this.id, dead, fromSeq, limit);
  }

  counts(): QueueCounts {
    return { ...this.main.count(), deadLetter: this.dead.entries.size };
  }

  stop(): void {
    this.schedule.clear();
    this.expiries.clear();
    this.main.stop();
    this.dead.stop();
  }

  private write(messages: IncomingMessage[], now: number): MessageRow[] {
    const { messages: store } = this.context;
    try {
      return store.store.write(() => {
        const written: MessageRow[] = [];
        for (const message of messages) {
          if (!this.seen.isNew(message.messageId, now)) continue;
          const limited = this.limitTtl(message);
          const row = this.rowFor(limited, now);
          store.insert(this.id, row, limited);
          written.push(row);
        }
        return written;
      });
    } catch (cause) {
      this.seen.load(this.options.duplicateDetectionWindowMs);
      throw cause;
    }
  }

  private apply(lane: Lane, entry: Entry, settlement: Settlement): void {
    const { messages } = this.context;
    const { store } = messages;
    switch (settlement.kind) {
      case 'complete':
        store.write(() => messages.delete(this.id, entry.seq));
        return lane.remove(entry);
      case 'abandon': {
        const attempts = settlement.uncounted ? entry.attempts - 1 : entry.attempts;
        store.write(() => {
          messages.setAttempts(this.id, entry.seq, attempts);
          this.changeProperties(entry, settlement.properties);
        });
        entry.attempts = attempts;
        entry.onDisk = false;
        return lane.returned(entry);
      }
      case 'defer':
        store.write(() => {
          messages.setState(this.id, entry.seq, STATE.deferred);
          this.changeProperties(entry, settlement.properties);
        });
        entry.state = STATE.deferred;
        return;
      case 'deadLetter':
        if (lane === this.main) return this.bury([entry], settlement.properties);
        store.write(() => this.changeProperties(entry, settlement.properties));
        entry.onDisk = false;
        return lane.returned(entry);
    }
  }

  private changeProperties(entry: Entry, properties: Map<string, Typed>): void {
    if (properties.size === 0) return;
    const content = this.context.messages.content(this.id, entry.seq);
    if (!content) return;
    this.context.messages.setBare(this.id, entry.seq, withApplicationProperties(content.bare, properties));
  }

  /** Moves messages to the dead-letter queue. */
  private bury(entries: Entry[], properties: Map<string, Typed>): void {
    const { messages } = this.context;
    messages.store.write(() => {
      for (const { seq } of entries) {
        const content = messages.content(this.id, seq);
        if (content) messages.bury(this.id, seq, withApplicationProperties(content.bare, properties));
      }
    });
    for (const entry of entries) {
      const { seq, enqueuedAtMs } = entry;
      this.main.remove(entry);
      this.dead.add({ seq, dead: true, state: STATE.active, attempts: 0, enqueuedAtMs });
    }
    this.dead.pump();
  }

  private takesReturned(entry: Entry): boolean {
    const max = this.options.maxDeliveryCount ?? DEFAULT_MAX_DELIVERIES;
    if (entry.attempts >= max) {
      const description = `Message could not be consumed after ${max} delivery attempts.`;
      this.byItself(() => this.bury([entry], deadLetterProperties('MaxDeliveryCountExceeded', description)));
      return true;
    }
    if ((entry.expiresAtMs ?? Infinity) > this.context.clock.now()) return false;
    this.expireEntries([entry]);
    return true;
  }

  private expire(seqs: number[]): void {
    const now = this.context.clock.now();
    const entries = seqs
      .map((seq) => this.main.entries.get(seq))
      .filter((entry) => entry !== undefined)
      // A locked message is its receiver's until the lock ends; a deferred one stays until it is asked for.
      .filter(
        (entry) => !entry.lock && entry.state === STATE.active && (entry.expiresAtMs ?? Infinity) <= now,
      );
    if (entries.length > 0) this.expireEntries(entries);
  }

  private expireEntries(entries: Entry[]): void {
    for (const entry of entries) entry.ready = false;
    const why = deadLetterProperties('TTLExpiredException', 'The message expired and was dead lettered.');
    this.byItself(() =>
      this.options.deadLetterOnExpiration ? this.bury(entries, why) : this.removeAll(entries),
    );
  }

  private removeAll(entries: Entry[]): void {
    const { messages } = this.context;
    messages.store.write(() => {
      for (const entry of entries) messages.delete(this.id, entry.seq);
    });
    for (const entry of entries) this.main.remove(entry);
  }

  private activate(seqs: number[]): void {
    const now = this.context.clock.now();
    const due = seqs
      .map((seq) => this.main.entries.get(seq))
      .filter((entry) => entry?.state === STATE.scheduled && (entry.dueAtMs ?? 0) <= now)
      .filter((entry) => entry !== undefined);
    if (due.length === 0) return;
    const { messages } = this.context;
    const rows = messages.store.write(() =>
      due.map(({ seq, expiresAtMs }) => {
        const row: MessageRow = {
          seq: this.takeSeq(),
          dead: false,
          state: STATE.active,
          attempts: 0,
          enqueuedAtMs: now,
          ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
        };
        messages.activate(this.id, seq, row);
        return row;
      }),
    );
    for (const entry of due) this.main.remove(entry);
    this.publish(rows);
  }

  private publish(rows: MessageRow[]): Entry[] {
    const entries = rows.map((row) => this.main.add(row));
    for (const entry of entries) this.watch(entry);
    this.main.pump();
    return entries;
  }

  private watch(entry: Entry): void {
    if (entry.dueAtMs !== undefined) this.schedule.add(entry.dueAtMs, entry.seq);
    if (entry.expiresAtMs !== undefined) this.expiries.add(entry.expiresAtMs, entry.seq);
  }

  private limitTtl(message: IncomingMessage): IncomingMessage {
    const limit = this.options.defaultTtlMs;
    if (limit === undefined || (message.ttlMs !== undefined && message.ttlMs <= limit)) return message;
    return { ...message, ttlMs: limit };
  }

  private rowFor(message: IncomingMessage, now: number): MessageRow {
    const scheduled = message.scheduledMs !== undefined && message.scheduledMs > now;
    const enteredAt = scheduled ? (message.scheduledMs ?? now) : now;
    const expiresAtMs = message.ttlMs === undefined ? message.absoluteExpiryMs : enteredAt + message.ttlMs;
    return {
      seq: this.takeSeq(),
      dead: false,
      state: scheduled ? STATE.scheduled : STATE.active,
      attempts: 0,
      enqueuedAtMs: now,
      ...(scheduled ? { dueAtMs: enteredAt } : {}),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    };
  }

  private takeSeq(): number {
    if (this.nextSeq >= this.reservedTo) {
      this.reservedTo = this.context.messages.reserveSequence(this.id, this.nextSeq);
    }
    return this.nextSeq++;
  }

  /** What the queue does without being asked: nobody is there to be told of a failure. */
  private byItself(work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.context.log('A change of a queue was not written.', { queue: this.name, cause: String(cause) });
    }
  }
}

/** The application properties that tell why a message was dead-lettered. */
export function deadLetterProperties(reason?: string, description?: string): Map<string, Typed> {
  const properties = new Map<string, Typed>();
  if (reason !== undefined) properties.set('DeadLetterReason', types.wrap_string(reason));
  if (description !== undefined) properties.set('DeadLetterErrorDescription', types.wrap_string(description));
  return properties;
}
