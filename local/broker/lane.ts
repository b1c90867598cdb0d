import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import { encodeDelivery, type DeliveryFacts } from './amqp/message-codec';
import type { MessageContent, MessageRow, MessageStore } from './message-store';
import { STATE } from './message-store';
import { ReadyList } from './ready-list';

/** A message of a lane, in memory. */
export interface Entry extends MessageRow {
  /** On the list of those that wait for a receiver. */
  ready: boolean;
  /** False: it was changed, and the disk may not have it yet. */
  onDisk: boolean;
  lock?: Lock | undefined;
}

/** A receiver's hold on a message. Locks are real time and void after a restart, as tokens and connections are. */
export interface Lock {
  token: string;
  seq: number;
  untilMs: number;
  consumer?: Consumer;
}

/** Who receives: a link, or code in the broker's own process. */
export interface Consumer {
  /** True: messages are deleted as they are handed out. */
  readonly receiveAndDelete: boolean;
  /** Whether messages reach it only when they are on disk: true for whoever is outside of the process. */
  readonly waitsForDisk: boolean;
  /** Whether it still works on the message of this lock: then the lock is renewed without being asked for. */
  worksOn(token: string): boolean;
  /** Messages it takes now. */
  room(): number;
  /** Keeps one place of its room until `deliver` or `release` is called. */
  reserve(): void;
  release(): void;
  deliver(message: DeliveryFacts, token: string | undefined): void;
  isOpen(): boolean;
}

/** What a lane needs from its queue. */
export interface LaneOwner {
  readonly id: number;
  readonly messages: MessageStore;
  /** Real time, for locks. */
  readonly lockClock: Clock;
  readonly lockDurationMs: () => number;
  /** Set in a dead-letter lane: the queue its messages came from. */
  readonly deadLetterSource?: string;
  /** A message comes back unsettled: take it if it must not be delivered again. */
  takesReturned(entry: Entry): boolean;
  log(message: string, detail: Record<string, unknown>): void;
}

/** The lock named by a token is not there: it ran out, or the message is settled. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';
  constructor() {
    super(
      'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
    );
  }
}

/** The messages of a queue, or of its dead-letter queue, and who gets them: in order, round robin by credit. */
export class Lane {
  readonly entries = new Map<number, Entry>();
  private readonly ready = new ReadyList();
  /** By token, the one that runs out first in front (all have the same duration). */
  private readonly locks = new Map<string, Lock>();
  private readonly hungry = new Set<Consumer>();
  private cancelAlarm: (() => void) | undefined;

  constructor(private readonly owner: LaneOwner) {}

  /** Puts a message in that has just been written: ready if it is active. */
  add(row: MessageRow): Entry {
    const entry: Entry = { ...row, ready: false, onDisk: false };
    this.entries.set(row.seq, entry);
    if (row.state === STATE.active) this.makeReady(entry);
    return entry;
  }

  remove(entry: Entry): void {
    entry.ready = false;
    if (this.entries.get(entry.seq) === entry) this.entries.delete(entry.seq);
  }

  makeReady(entry: Entry): void {
    if (entry.ready || this.entries.get(entry.seq) !== entry) return;
    entry.ready = true;
    this.ready.add(entry.seq);
  }

  /** Called when a receiver has (new) credit. */
  feed(consumer: Consumer): void {
    this.hungry.add(consumer);
    this.pump();
  }

  leave(consumer: Consumer): void {
    this.hungry.delete(consumer);
  }

  /** Hands out what is ready to whoever has room. */
  pump(): void {
    for (;;) {
      const consumer = this.nextConsumer();
      if (!consumer) return;
      const entry = this.nextReady();
      if (!entry) return;
      this.hungry.delete(consumer);
      this.hungry.add(consumer);
      try {
        if (consumer.receiveAndDelete) this.handOver(entry, consumer);
        else this.lend(entry, consumer);
      } catch (cause) {
        this.makeReady(entry);
        this.owner.log('A message could not be handed out.', { seq: entry.seq, cause: String(cause) });
        return;
      }
    }
  }

  /** Locks a message for whoever asked for it by number. @returns undefined when it is not there or locked. */
  lendDeferred(seq: number): { token: string; payload: Buffer } | undefined {
    const entry = this.entries.get(seq);
    if (!entry || entry.state !== STATE.deferred || entry.lock) return undefined;
    const content = this.owner.messages.content(this.owner.id, seq);
    if (!content) return undefined;
    const lock = this.lock(entry);
    return { token: lock.token, payload: encodeDelivery(this.facts(entry, content, STATE.deferred)) };
  }

  /** @throws LockLostError */
  lockOf(token: string): { lock: Lock; entry: Entry } {
    const lock = this.locks.get(token);
    const entry = lock && this.entries.get(lock.seq);
    const isOver = lock && lock.untilMs <= this.owner.lockClock.now() && !lock.consumer?.worksOn(token);
    if (!lock || !entry || isOver) throw new LockLostError();
    return { lock, entry };
  }

  /** Ends a lock; the message is then nobody's until the caller says what becomes of it. @throws LockLostError */
  unlock(token: string): Entry {
    const { entry } = this.lockOf(token);
    this.locks.delete(token);
    entry.lock = undefined;
    return entry;
  }

  /** @returns until when the message is now locked (ms). @throws LockLostError */
  renew(token: string): number {
    const { lock } = this.lockOf(token);
    this.locks.delete(token);
    return this.extend(lock);
  }

  /** A message that came back unsettled: ready again, unless the queue takes it away. Call `pump` afterwards. */
  returned(entry: Entry): void {
    if (this.entries.get(entry.seq) !== entry || entry.state !== STATE.active) return;
    if (!this.owner.takesReturned(entry)) this.makeReady(entry);
  }

  /** Encodes a message for peeking; undefined when it is gone. */
  peek(seq: number): Buffer | undefined {
    const entry = this.entries.get(seq);
    const content = entry && this.owner.messages.content(this.owner.id, seq);
    return entry && content ? encodeDelivery(this.facts(entry, content, entry.state)) : undefined;
  }

  /** Replaces every message by what the store holds; locks of messages that are still there stay. */
  reload(rows: MessageRow[]): void {
    this.entries.clear();
    this.ready.clear();
    const locks = new Map([...this.locks.values()].map((lock) => [lock.seq, lock]));
    this.locks.clear();
    for (const row of rows) {
      const entry: Entry = { ...row, ready: false, onDisk: true };
      this.entries.set(row.seq, entry);
      entry.lock = locks.get(row.seq);
      if (entry.lock) this.locks.set(entry.lock.token, entry.lock);
      else if (row.state === STATE.active) this.makeReady(entry);
    }
  }

  count(): { active: number; locked: number; deferred: number; scheduled: number } {
    const counts = { active: 0, locked: 0, deferred: 0, scheduled: 0 };
    for (const entry of this.entries.values()) {
      if (entry.lock) counts.locked++;
      else if (entry.state === STATE.deferred) counts.deferred++;
      else if (entry.state === STATE.scheduled) counts.scheduled++;
      else counts.active++;
    }
    return counts;
  }

  /** True while a receiver that is still there works on a message. */
  isBusy(): boolean {
    for (const lock of this.locks.values()) if (lock.consumer?.isOpen()) return true;
    return false;
  }

  stop(): void {
    this.cancelAlarm?.();
    this.hungry.clear();
  }

  private nextConsumer(): Consumer | undefined {
    for (const consumer of this.hungry) {
      if (consumer.room() > 0) return consumer;
      this.hungry.delete(consumer);
    }
    return undefined;
  }

  private nextReady(): Entry | undefined {
    for (;;) {
      const seq = this.ready.take();
      if (seq === undefined) return undefined;
      const entry = this.entries.get(seq);
      if (!entry?.ready) continue;
      entry.ready = false;
      return entry;
    }
  }

  private lend(entry: Entry, consumer: Consumer): void {
    const { messages, id } = this.owner;
    const content = messages.content(id, entry.seq);
    if (!content) return this.remove(entry);
    messages.store.write(() => messages.setAttempts(id, entry.seq, entry.attempts + 1));
    entry.attempts++;
    const lock = this.lock(entry, consumer);
    const message = this.facts(entry, content);
    consumer.reserve();
    if (entry.onDisk || !consumer.waitsForDisk) consumer.deliver(message, lock.token);
    else this.deliverFromDisk(consumer, message, { token: lock.token, entry });
  }

  /** Receive and delete: at most once, so the message leaves only when its deletion is on disk. */
  private handOver(entry: Entry, consumer: Consumer): void {
    const { messages, id } = this.owner;
    const content = messages.content(id, entry.seq);
    if (!content) return this.remove(entry);
    const message = this.facts({ ...entry, attempts: entry.attempts + 1 }, content);
    messages.store.write(() => messages.delete(id, entry.seq));
    this.remove(entry);
    consumer.reserve();
    this.deliverFromDisk(consumer, message);
  }

  private deliverFromDisk(
    consumer: Consumer,
    message: DeliveryFacts,
    lent?: { token: string; entry: Entry },
  ): void {
    this.owner.messages.store.durable().then(
      () => {
        if (lent) lent.entry.onDisk = true;
        consumer.deliver(message, lent?.token);
      },
      (cause: unknown) => {
        consumer.release();
        const detail = { seq: message.sequenceNumber, cause: String(cause) };
        this.owner.log('What was handed out is not on disk.', detail);
      },
    );
  }

  private lock(entry: Entry, consumer?: Consumer): Lock {
    const untilMs = this.owner.lockClock.now() + this.owner.lockDurationMs();
    const lock: Lock = { token: randomUUID(), seq: entry.seq, untilMs, ...(consumer ? { consumer } : {}) };
    entry.lock = lock;
    this.locks.set(lock.token, lock);
    this.cancelAlarm ??= this.owner.lockClock.at(untilMs, () => this.expireLocks());
    return lock;
  }

  private extend(lock: Lock): number {
    lock.untilMs = this.owner.lockClock.now() + this.owner.lockDurationMs();
    this.locks.set(lock.token, lock);
    return lock.untilMs;
  }

  private expireLocks(): void {
    const now = this.owner.lockClock.now();
    this.cancelAlarm = undefined;
    for (const lock of this.locks.values()) {
      if (lock.untilMs > now) {
        this.cancelAlarm = this.owner.lockClock.at(lock.untilMs, () => this.expireLocks());
        break;
      }
      this.locks.delete(lock.token);
      const entry = this.entries.get(lock.seq);
      if (entry?.lock !== lock) continue;
      if (lock.consumer?.worksOn(lock.token)) {
        this.extend(lock);
        continue;
      }
      entry.lock = undefined;
      this.returned(entry);
    }
    this.pump();
  }

  private facts(entry: Entry, content: MessageContent, state?: number): DeliveryFacts {
    return {
      ...content,
      deliveryCount: Math.max(0, entry.attempts - (state === undefined || entry.lock ? 1 : 0)),
      sequenceNumber: entry.seq,
      enqueuedAtMs: entry.enqueuedAtMs,
      lockedUntilMs: entry.lock?.untilMs,
      state,
      deadLetterSource: this.owner.deadLetterSource,
    };
  }
}
