import type { Completion, Decision } from './decision';
import { EventType } from './history';
import { jsonText } from './json-text';
import { NonDeterminismError, requireSame } from './non-determinism';
import type { ReplayEvent } from './replay-event';
import { ReplayActions, type ReplayScope } from './replay-actions';
import { ReplayFault } from './replay-fault';
import { ReplayTask } from './replay-task';
import type { OrchestratorState } from './sdk-actions';

/** What the invocation gave: the SDK's state, or the message of a failure that carries none. */
export type Outcome =
  | { kind: 'state'; state: OrchestratorState; stack: string | undefined }
  | { kind: 'failed'; message: string };

export interface ReplayResult {
  decisions: Decision[];
  /** JSON text. */
  customStatus: string | null;
}

type Ending =
  | { kind: 'returned'; output: string | null }
  | {
      kind: 'failed';
      message: string;
      details: string | null;
      failureDetails: Record<string, unknown> | null;
    };

/** The custom status may have this many KiB in UTF-16, as the extension rules. */
const CUSTOM_STATUS_KIB = 16;

/**
 * Replays one execution as the extension does: it walks the SDK's list of actions, awaiting each before it looks at the
 * next, while the history's events settle the tasks; what is left over in the end is new and has to be carried out.
 * Every episode replays from the start, so a changed orchestrator is found whether or not the instance was in memory.
 */
export class Replay implements ReplayScope {
  nowMs = 0;
  continueAsNew: { input: string | null; carryOver: number[] } | undefined;
  private nextId = 0;
  private pending = new Map<number, Decision>();
  private readonly open = new Map<number, ReplayTask>();
  private readonly events = new ReplayEvents();
  private readonly actions: ReplayActions;
  private ending: Ending | undefined;
  private completion: Completion | undefined;
  private customStatus: string | null = null;
  private suspended = false;
  private heldBack: ReplayEvent[] = [];
  private heldDecisions: Decision[] = [];

  constructor(
    readonly settings: ReplayScope['settings'],
    private readonly outcome: Outcome,
  ) {
    this.actions = new ReplayActions(this);
  }

  /** Plays `events`, old and new, and tells what is to be done. */
  run(events: readonly ReplayEvent[]): ReplayResult {
    try {
      for (const event of events) this.receive(event);
      if (this.ending && this.open.size === 0) this.complete(this.ending);
    } catch (cause) {
      if (!(cause instanceof NonDeterminismError)) throw cause;
      this.fail(cause.message, `Unhandled exception while executing orchestration: ${cause.message}\n\t`);
    }
    const decisions = [...this.pending.values()].sort((a, b) => a.id - b.id);
    return { decisions, customStatus: this.customStatus };
  }

  takeId(): number {
    return this.nextId++;
  }

  decide(decision: Decision): void {
    this.pending.set(decision.id, decision);
  }

  /** A task that the history settles by `id`. */
  openTask(id: number): ReplayTask {
    const task = new ReplayTask();
    this.open.set(id, task);
    return task;
  }

  cancel(id: number): void {
    const task = this.open.get(id);
    this.open.delete(id);
    task?.settle(false);
  }

  waitForEvent(name: string): ReplayTask {
    return this.events.wait(name);
  }

  private receive(event: ReplayEvent): void {
    if (event.type === EventType.OrchestratorStarted) {
      this.nowMs = event.atMs;
      return;
    }
    const override =
      event.type === EventType.ExecutionResumed || event.type === EventType.ExecutionTerminated;
    if (this.suspended && !override) {
      if (event.type !== EventType.ExecutionSuspended) this.heldBack.push(event);
      return;
    }
    this.play(event);
  }

  private play(event: ReplayEvent): void {
    switch (event.type) {
      case EventType.ExecutionStarted:
        this.start();
        break;
      case EventType.TaskScheduled:
      case EventType.TimerCreated:
      case EventType.SubOrchestrationInstanceCreated:
      case EventType.EventSent:
        requireSame(event, this.pending.get(event.eventId));
        this.pending.delete(event.eventId);
        break;
      case EventType.TaskCompleted:
      case EventType.SubOrchestrationInstanceCompleted:
      case EventType.TimerFired:
        this.settle(event, true);
        break;
      case EventType.TaskFailed:
      case EventType.SubOrchestrationInstanceFailed:
        this.settle(event, false);
        break;
      case EventType.EventRaised:
        if (this.continueAsNew) this.continueAsNew.carryOver.push(event.index);
        else this.events.raise(event.name);
        break;
      case EventType.ExecutionTerminated:
        this.terminate(event);
        break;
      case EventType.ExecutionSuspended:
        this.suspend();
        break;
      case EventType.ExecutionResumed:
        this.resume();
        break;
      default:
        break;
    }
  }

  private settle(event: ReplayEvent, ok: boolean): void {
    const task = this.open.get(event.taskId);
    // A second completion, or one of a cancelled timer.
    if (!task) return;
    this.open.delete(event.taskId);
    task.poll = event.poll;
    task.settle(ok);
  }

  private start(): void {
    if (this.outcome.kind === 'failed') {
      this.fault(this.outcome.message);
      return;
    }
    const { state, stack } = this.outcome;
    try {
      this.setCustomStatus(state.customStatus);
      if (state.actions.length !== 1) {
        throw new ReplayFault(
          `With OOProc schema V3, expected actions array to be of length 1 in outer layer but got size: ${state.actions.length}`,
        );
      }
      this.walk(state.actions[0] ?? [], 0, state, stack);
    } catch (cause) {
      this.catchFault(cause);
    }
  }

  /** Awaits the actions one after the other. */
  private walk(
    actions: OrchestratorState['actions'][number],
    from: number,
    state: OrchestratorState,
    stack: string | undefined,
  ): void {
    for (let index = from; index < actions.length; index++) {
      const action = actions[index];
      if (!action) continue;
      const task = this.actions.invoke(action);
      if (task.isSettled) continue;
      task.whenSettled(() => {
        try {
          this.walk(actions, index + 1, state, stack);
        } catch (cause) {
          this.catchFault(cause);
        }
      });
      return;
    }
    this.finish(state, stack);
  }

  private finish(state: OrchestratorState, stack: string | undefined): void {
    if (state.error !== undefined && state.error !== '') {
      this.ending = {
        kind: 'failed',
        message: `Orchestrator function '${this.settings.name}' failed: ${state.error}`,
        details: `Message: ${state.error}, StackTrace: ${stack ?? ''}`,
        failureDetails: state.failureDetails ?? null,
      };
    } else if (state.isDone) {
      this.ending = { kind: 'returned', output: jsonText(state.output) ?? null };
    } else {
      return;
    }
    this.actions.releaseLocks();
  }

  private catchFault(cause: unknown): void {
    if (!(cause instanceof ReplayFault)) throw cause;
    this.fault(cause.message);
  }

  private fault(message: string): void {
    this.ending = {
      kind: 'failed',
      message: `Orchestrator function '${this.settings.name}' failed: ${message}`,
      details: message,
      failureDetails: null,
    };
    this.actions.releaseLocks();
  }

  private setCustomStatus(value: unknown): void {
    if (value === undefined || value === null) return;
    const text = JSON.stringify(value);
    const kib = Math.floor((text.length * 2) / 1024);
    if (kib > CUSTOM_STATUS_KIB) {
      throw new ReplayFault(
        `The UTF-16 size of the JSON-serialized payload must not exceed ${CUSTOM_STATUS_KIB} KB. ` +
          `The current payload size is ${kib} KB.`,
      );
    }
    this.customStatus = text;
  }

  private complete(ending: Ending): void {
    const id = this.takeId();
    if (ending.kind === 'failed') {
      this.decideCompletion({ ...ending, kind: 'complete', id, status: 'Failed', result: ending.message });
    } else if (this.continueAsNew) {
      this.decide({ kind: 'continueAsNew', id, ...this.continueAsNew });
    } else {
      this.decideCompletion({ ...bare(id), status: 'Completed', result: ending.output });
    }
  }

  private fail(message: string, details: string): void {
    this.decideCompletion({ ...bare(this.takeId()), status: 'Failed', result: message, details });
  }

  private terminate(event: ReplayEvent): void {
    const reason = this.settings.terminationReason(event.index);
    this.decideCompletion({ ...bare(this.takeId()), status: 'Terminated', result: reason });
  }

  private decideCompletion(completion: Completion): void {
    if (this.completion) return;
    const { kind, id, status, result, details, failureDetails } = completion;
    this.completion = { kind, id, status, result, details, failureDetails };
    this.decide(this.completion);
  }

  private suspend(): void {
    this.suspended = true;
    this.heldDecisions.push(...this.pending.values());
    this.pending.clear();
  }

  private resume(): void {
    this.suspended = false;
    for (const decision of this.heldDecisions) this.pending.set(decision.id, decision);
    this.heldDecisions = [];
    const held = this.heldBack;
    this.heldBack = [];
    for (const event of held) this.receive(event);
  }
}

const bare = (id: number): Omit<Completion, 'status' | 'result'> => ({
  kind: 'complete',
  id,
  details: null,
  failureDetails: null,
});

/** Waits and events by name: waits are served last-in first-out, events that nobody waits for first-in first-out. */
class ReplayEvents {
  private readonly waits = new Map<string, ReplayTask[]>();
  private readonly raised = new Map<string, number>();

  wait(name: string): ReplayTask {
    const key = name.toLowerCase();
    const buffered = this.raised.get(key) ?? 0;
    if (buffered > 0) {
      this.raised.set(key, buffered - 1);
      return ReplayTask.settled();
    }
    const task = new ReplayTask();
    const stack = this.waits.get(key);
    if (stack) stack.push(task);
    else this.waits.set(key, [task]);
    return task;
  }

  raise(name: string): void {
    const key = name.toLowerCase();
    const task = this.waits.get(key)?.pop();
    if (task) task.settle(true);
    else this.raised.set(key, (this.raised.get(key) ?? 0) + 1);
  }
}
