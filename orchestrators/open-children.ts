import type { Task } from 'durable-functions';
import type { FlowMessage } from '../domain/runs/inbox-messages';
import { callThroughOutages } from './call-activity';
import type { Orchestration } from './call-activity';
import type { Inbox } from './inbox';

const FIRST_LOOK_MS = 60_000;
/** Far below the six days from which on the extension splits timers, since it may be ahead of the code here. */
const LONGEST_LOOK_MS = 4 * 24 * 3_600_000;
const CANCEL_TRIES = 10;

/** A child orchestration that was started; `task` has its result when it has ended. */
export interface Child {
  instance: string;
  task: Task;
  /** Called when it has ended. */
  ended: (task: Task) => void;
  /** Whether it should be asked to end, although the whole goes on. */
  unwanted: () => boolean;
  /** It lists what walks parts of the run now. */
  shown: boolean;
}

/** What a parent listens for. */
export interface Parent extends Orchestration {
  inbox: Inbox<FlowMessage>;
  /** Any message that does not only concern the end of a child. */
  hear(message: FlowMessage): void;
}

/**
 * Child orchestrations that have been started and not taken as ended. Only those that start now can be waited for (a task belongs
 * to one `Task.any`); where several are open, each tells its parent's inbox that it is ending. Should that word be lost, a
 * look at growing intervals finds it.
 */
export class OpenChildren {
  private children: Child[] = [];
  private readonly ending = new Set<string>();
  private readonly told = new Set<string>();
  private lookMs = FIRST_LOOK_MS;

  constructor(private readonly parent: Parent) {}

  get count(): number {
    return this.children.length;
  }

  /** Instances that walk parts of the run now. */
  get shown(): string[] {
    return this.children.filter(({ shown }) => shown).map(({ instance }) => instance);
  }

  add(child: Child): void {
    this.children.push(child);
  }

  /** Hears what has arrived, and ends the children that have ended. */
  *takeEnded(): Generator<Task, void, unknown> {
    while (this.hear()) {
      for (const child of this.children) if (this.ending.has(child.instance)) yield* this.waitFor(child);
    }
    const ended = this.children.filter(hasEnded);
    this.children = this.children.filter((child) => !hasEnded(child));
    for (const child of ended) child.ended(child.task);
  }

  /** Starts the new among the children and yields until one of those has ended, something has arrived, or `untilMs` has come. */
  *wait(starting: Task[], untilMs: number | undefined): Generator<Task, void, unknown> {
    const { inbox } = this.parent;
    const lookAtMs = this.children.length > starting.length ? inbox.nowMs + this.lookMs : undefined;
    const times = [lookAtMs, untilMs].filter((time) => time !== undefined);
    yield* inbox.pause(starting, times.length > 0 ? Math.min(...times) : undefined);
    if (lookAtMs !== undefined && inbox.nowMs >= lookAtMs) {
      this.lookMs = Math.min(this.lookMs * 2, LONGEST_LOOK_MS);
    }
  }

  /** Asks those that are not wanted any more to end, once each. */
  *cancelUnwanted(by: string | undefined): Generator<Task, void, unknown> {
    yield* this.cancel(
      this.children.filter((child) => child.unwanted() && !this.told.has(child.instance)),
      by,
    );
  }

  /** Asks all to end, and waits until they have. */
  *cancelAll(by: string | undefined): Generator<Task, void, unknown> {
    yield* this.cancel(
      this.children.filter(({ instance }) => !this.told.has(instance)),
      by,
    );
    for (const child of this.children) yield* this.waitFor(child);
  }

  /** One that is about to begin is asked again until it is there. */
  private *cancel(children: Child[], by: string | undefined): Generator<Task, void, unknown> {
    let instances = children.map(({ instance }) => instance);
    for (const instance of instances) this.told.add(instance);
    for (let tries = 0; instances.length > 0 && tries < CANCEL_TRIES; tries++) {
      const message: FlowMessage = { kind: 'cancel', by };
      const told = yield* callThroughOutages(this.parent, 'raise-inbox', { instances, message });
      instances = told?.unknown ?? [];
      if (instances.length > 0) yield* this.parent.inbox.pause([], this.parent.inbox.nowMs + 1_000);
    }
  }

  /** Takes all messages. @returns whether there were any. */
  private hear(): boolean {
    let heard = false;
    for (let message = this.parent.inbox.take(); message; message = this.parent.inbox.take()) {
      heard = true;
      if (message.kind === 'childEnding') this.ending.add(message.child);
      else this.parent.hear(message);
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
