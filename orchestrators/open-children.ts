import type { Task } from 'durable-functions';
import type { InboxMessage } from '../domain/runs/inbox-messages';
import { callThroughOutages } from './call-activity';
import type { Orchestration } from './call-activity';
import type { Inbox } from './inbox';

const FIRST_LOOK_MS = 60_000;
/** Far below the six days from which on the extension splits timers, since it may be ahead of the code here. */
const LONGEST_LOOK_MS = 24 * 3_600_000;
const CANCEL_TRIES = 10;

/** A child orchestration that was started; `task` has its result when it has ended. */
export interface Child {
  instance: string;
  name: string;
  task: Task;
}

/** What a parent listens for. */
export interface Parent extends Orchestration {
  inbox: Inbox<InboxMessage>;
  cancelled: { by: string | undefined } | undefined;
}

/**
 * Child orchestrations that have been started and not taken as ended. Only those that start now can be waited for (a task belongs
 * to one `Task.any`); where several are open, each tells its parent's inbox that it is ending. Should that word be lost, a
 * look at growing intervals finds it.
 */
export class OpenChildren {
  private children: Child[] = [];
  private readonly ending = new Set<string>();
  private lookMs = FIRST_LOOK_MS;

  constructor(private readonly parent: Parent) {}

  get none(): boolean {
    return this.children.length === 0;
  }

  add(child: Child): void {
    this.children.push(child);
  }

  /** Hears what has arrived. @returns the children that have ended. */
  *takeEnded(): Generator<Task, Child[], unknown> {
    while (this.hear()) {
      for (const child of this.children) if (this.ending.has(child.instance)) yield* this.waitFor(child);
    }
    const ended = this.children.filter(hasEnded);
    this.children = this.children.filter((child) => !hasEnded(child));
    return ended;
  }

  /** Starts the new among the children and yields until one of those has ended, or something has arrived. */
  *wait(starting: Task[]): Generator<Task, void, unknown> {
    const { inbox } = this.parent;
    const untilMs = this.children.length > starting.length ? inbox.nowMs + this.lookMs : undefined;
    yield* inbox.pause(starting, untilMs);
    if (untilMs !== undefined && inbox.nowMs >= untilMs) {
      this.lookMs = Math.min(this.lookMs * 2, LONGEST_LOOK_MS);
    }
  }

  /** Asks all to end, and waits until they have. One that is about to begin is asked again until it is there. */
  *cancel(by: string | undefined): Generator<Task, void, unknown> {
    let instances = this.children.map(({ instance }) => instance);
    for (let tries = 0; instances.length > 0 && tries < CANCEL_TRIES; tries++) {
      const message: InboxMessage = { kind: 'cancel', by };
      const told = yield* callThroughOutages(this.parent, 'raise-inbox', { instances, message });
      instances = told?.unknown ?? [];
      if (instances.length > 0) yield* this.parent.inbox.pause([], this.parent.inbox.nowMs + 1_000);
    }
    for (const child of this.children) yield* this.waitFor(child);
  }

  /** Takes all messages. @returns whether there were any. */
  private hear(): boolean {
    let heard = false;
    for (let message = this.parent.inbox.take(); message; message = this.parent.inbox.take()) {
      heard = true;
      if (message.kind === 'cancel') this.parent.cancelled ??= { by: message.by };
      else if (message.kind === 'childEnding') this.ending.add(message.child);
    }
    return heard;
  }

  /** Yielding a task again by itself schedules nothing: the SDK knows that it is scheduled. */
  private *waitFor(child: Child): Generator<Task, void, unknown> {
    try {
      yield* this.parent.inbox.during(child.task);
    } catch {
      // A child that broke has ended too; its task says how.
    }
  }
}

function hasEnded({ task }: Child): boolean {
  return task.isCompleted || task.isFaulted;
}
