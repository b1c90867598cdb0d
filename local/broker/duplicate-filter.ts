import type { Clock } from '../clock';
import type { MessageStore } from './message-store';

/** Message ids seen within a queue's window. */
export class DuplicateFilter {
  /** Oldest first. */
  private readonly seen = new Map<string, number>();
  private windowMs: number | undefined;

  constructor(
    private readonly messages: MessageStore,
    private readonly queue: number,
    private readonly clock: Clock,
  ) {}

  load(windowMs: number | undefined): void {
    this.windowMs = windowMs;
    this.seen.clear();
    if (windowMs === undefined) return;
    for (const [id, at] of this.messages.seenIds(this.queue, this.clock.now() - windowMs))
      this.seen.set(id, at);
  }

  /** False for an id seen within the window; otherwise it is remembered. Part of the sender's transaction. */
  isNew(messageId: string | undefined, now: number): boolean {
    if (this.windowMs === undefined || messageId === undefined) return true;
    this.forget(now - this.windowMs);
    if (this.seen.has(messageId)) return false;
    this.seen.set(messageId, now);
    this.messages.rememberId(this.queue, messageId, now);
    return true;
  }

  private forget(beforeMs: number): void {
    for (const [id, at] of this.seen) {
      if (at >= beforeMs) break;
      this.seen.delete(id);
      this.messages.forgetId(this.queue, id);
    }
  }
}
