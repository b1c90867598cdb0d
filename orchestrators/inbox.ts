import type { DurableOrchestrationContext, Task } from 'durable-functions';
import { INBOX } from '../domain/runs/inbox-messages';

/** Timers of more than six days are split by the SDK in a way that a cancelled one does not survive: none is armed so long. */
const LONGEST_TIMER_MS = 5 * 24 * 3_600_000;

/**
 * The only place where an orchestration listens to events. All events have one name and arrive in order.
 *
 * What the SDK and the extension force (docs/adr/0002-one-inbox.md): a task belongs to one `Task.any` at most, because the extension
 * schedules every member of each one anew; a timer that lost is cancelled before the next yield, because the extension awaits
 * yields one after the other; and waits of one name are served last-in first-out. So each pause gets a fresh wait and a fresh
 * timer. A wait whose timer won stays behind, will take a later event, and is therefore kept and looked at for ever.
 */
export class Inbox<Message> {
  /** Waits that no event has answered yet, oldest first. */
  private waits: Task[] = [];
  private readonly arrivals: Message[] = [];

  constructor(private readonly df: DurableOrchestrationContext) {}

  /** Milliseconds since the epoch, the same in every replay. */
  get nowMs(): number {
    return this.df.currentUtcDateTime.getTime();
  }

  /**
   * Yields one short task (an activity, an entity call). Events that arrive meanwhile are kept.
   * @throws what the task failed with.
   */
  *during<Result>(task: Task): Generator<Task, Result, unknown> {
    try {
      return (yield task) as Result;
    } finally {
      this.collect();
    }
  }

  /** The next message, or undefined when `untilMs` has come; without it the wait has no end. */
  *next(untilMs?: number): Generator<Task, Message | undefined, unknown> {
    for (;;) {
      const message = this.take();
      if (message !== undefined) return message;
      if (untilMs !== undefined && untilMs <= this.nowMs) return undefined;
      yield* this.pause([], untilMs);
    }
  }

  /**
   * Yields until an event arrives, one of `tasks` has ended or `untilMs` has come, whichever is first. The tasks must be new: one
   * that was yielded before, alone or in a group, must not come here again. Take all messages before.
   */
  *pause(tasks: Task[], untilMs?: number): Generator<Task, void, unknown> {
    const wait = this.df.waitForExternalEvent(INBOX);
    this.waits.push(wait);
    const timer =
      untilMs === undefined
        ? undefined
        : this.df.createTimer(new Date(Math.min(untilMs, this.nowMs + LONGEST_TIMER_MS)));
    yield this.df.Task.any([wait, ...tasks, ...(timer ? [timer] : [])]);
    if (timer && !timer.isCompleted) timer.cancel();
    this.collect();
  }

  /** The oldest message that nobody took yet, without waiting. */
  take(): Message | undefined {
    return this.arrivals.shift();
  }

  /** Newest wait first: that is the order in which events are handed to them. */
  private collect(): void {
    for (const wait of this.waits.filter(hasEvent).reverse()) this.arrivals.push(wait.result as Message);
    this.waits = this.waits.filter((wait) => !hasEvent(wait));
  }
}

function hasEvent(wait: Task): boolean {
  return wait.isCompleted;
}
