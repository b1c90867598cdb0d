import type { Hub } from './hub';
import type { MessageBody } from './mail';

/** Due timers handed out in one transaction. */
const BATCH = 500;

/** One alarm for the earliest timer; when it goes off, every due timer becomes a message. */
export class Timers {
  private alarmMs = Infinity;
  private cancelAlarm: (() => void) | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private open = false;

  constructor(
    private readonly hub: Hub,
    private readonly onQuiet: () => void,
    private readonly onStoreError: (cause: unknown) => void,
  ) {}

  /** Nothing is due that has not been handed out. */
  get isQuiet(): boolean {
    return this.immediate === undefined;
  }

  start(): void {
    this.open = true;
    this.rearm();
  }

  stop(): void {
    this.open = false;
    this.disarm();
  }

  /** A timer was written. */
  add(dueMs: number): void {
    if (!this.open) return;
    if (dueMs <= this.hub.clock.now()) this.fireSoon();
    else if (dueMs < this.alarmMs) this.arm(dueMs);
  }

  private arm(dueMs: number): void {
    this.cancelAlarm?.();
    this.alarmMs = dueMs;
    this.cancelAlarm = this.hub.clock.at(dueMs, () => {
      this.alarmMs = Infinity;
      this.cancelAlarm = undefined;
      this.fireSoon();
    });
  }

  private disarm(): void {
    this.cancelAlarm?.();
    this.cancelAlarm = undefined;
    this.alarmMs = Infinity;
    if (this.immediate) clearImmediate(this.immediate);
    this.immediate = undefined;
  }

  private fireSoon(): void {
    if (!this.open) return;
    this.immediate ??= setImmediate(() => {
      this.immediate = undefined;
      try {
        this.fire();
      } catch (cause) {
        this.onStoreError(cause);
      }
      if (this.isQuiet) this.onQuiet();
    });
  }

  private fire(): void {
    const { hub } = this;
    const due = hub.store
      .prepare('SELECT * FROM d_timer WHERE due_ms <= ?1 ORDER BY due_ms, seq LIMIT ?2')
      .all(hub.clock.now(), BATCH);
    if (due.length > 0) {
      hub.transaction(() => {
        for (const row of due) {
          hub.store.prepare('DELETE FROM d_timer WHERE seq = ?').run(Number(row['seq']));
          const body = JSON.parse(String(row['body'])) as MessageBody;
          if (typeof row['target'] === 'string') hub.deliverToEntity(row['target'], body);
          else hub.deliver(Number(row['instance']), body);
        }
      });
    }
    if (due.length === BATCH) this.fireSoon();
    else this.rearm();
  }

  private rearm(): void {
    const next = this.hub.store.prepare('SELECT min(due_ms) AS due FROM d_timer').get()?.['due'];
    if (typeof next !== 'number') return;
    if (next <= this.hub.clock.now()) this.fireSoon();
    else if (next < this.alarmMs) this.arm(next);
  }
}
