import type { DurableOrchestrationContext, Task, TimerTask } from 'durable-functions';
import { INBOX } from '../domain/runs/inbox-messages';

/** The extension splits timers of more than six days by its own clock and count: none is armed so long. */
const LONGEST_TIMER_MS = 5 * 24 * 3_600_000;

/**
 * The only place where an orchestration listens to events. All events have one name and arrive in order.
 *
 * What the SDK and the extension force (docs/adr/0003-one-inbox.md): a task belongs to one `Task.any` at most, because the extension
 * schedules every member of each one anew; waits of one name are served last-in first-out; and behind a cancelled timer the
 * extension's replays run ahead. So each pause gets a fresh wait and a fresh timer, timers are cancelled at the very end only, and
 * a wait whose timer won, which will take a later event, is kept and looked at.
 */
export class Inbox<Message> {
  /** Waits that no event has answered yet, oldest first. */
  private waits: Task[] = [];
  private readonly timers: TimerTask[] = [];
  private readonly arrivals: Message[] = [];
  /** Whether a short task has ended since the last pause: entities may be called. */
  private fresh = true;

  constructor(private readonly df: DurableOrchestrationContext) {}

  /** Milliseconds since the epoch, the same in every replay. */
  get nowMs(): number {
    return this.df.currentUtcDateTime.getTime();
  }

  /** False after a pause: the replay has to be brought into step before an entity is called. */
  get inStep(): boolean {
    return this.fresh;
  }

  /**
   * Yields one short task (an activity, an entity call). Events that arrive meanwhile are kept.
   * @throws what the task failed with.
   */
  *during<Result>(task: Task): Generator<Task, Result, unknown> {
    try {
      return (yield task) as Result;
    } finally {
      this.fresh = true;
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
    this.fresh = false;
    const timer = untilMs === undefined ? [] : [this.arm(untilMs)];
    yield this.df.Task.any([wait, ...tasks, ...timer]);
    this.collect();
  }

  /** The oldest message that nobody took yet, without waiting. */
  take(): Message | undefined {
    return this.arrivals.shift();
  }

  /** Messages that are to be taken before all others. */
  putBack(messages: readonly Message[]): void {
    this.arrivals.unshift(...messages);
  }

  /** Cancels the timers that still run: an instance with one of them would not end. Nothing may be yielded after. */
  close(): void {
    for (const timer of this.timers) if (!timer.isCompleted) timer.cancel();
  }

  private arm(untilMs: number): TimerTask {
    const timer = this.df.createTimer(new Date(Math.min(untilMs, this.nowMs + LONGEST_TIMER_MS)));
    this.timers.push(timer);
    return timer;
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
