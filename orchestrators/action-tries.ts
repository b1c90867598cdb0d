import type { OrchestrationContext, Task } from 'durable-functions';
import type { HttpInputs } from '../contracts/flow-definition/http-action';
import type { DesktopRunResult } from '../contracts/runs';
import type { MaybeSealed, Sealer } from '../contracts/sealed-values';
import type { Outcome } from '../domain/flows/outcome';
import { isTransientError } from '../domain/flows/retries';
import type { FlowMessage } from '../domain/runs/inbox-messages';
import type { DesktopFlowRunInput } from '../domain/runs/run-inputs';
import { callActivity, callThroughOutages } from './call-activity';
import { resultOf } from './end-action';
import { Inbox } from './inbox';
import { orchestrations } from './names';
import { OpenChildren } from './open-children';
import { RunSealing } from './run-sealing';

export type TriesInput = { pauses: number[] } & (
  { kind: 'desktopFlow'; run: DesktopFlowRunInput } | { kind: 'http'; request: HttpInputs; timeoutMs: number }
);

export type TriesResult = Pick<Outcome, 'status' | 'run' | 'earlierRuns' | 'outputs' | 'error'>;

/** A try as it ended. */
type Try = Pick<Outcome, 'status' | 'outputs' | 'error'>;

/**
 * Orchestration `action-tries`: an action that is tried again after a transient error. Each try of a desktop-flow action is a
 * desktop-flow run of its own.
 */
export function actionTries(sealer: Sealer) {
  return function* ({ df }: OrchestrationContext): Generator<Task, MaybeSealed<TriesResult>, unknown> {
    const sealing = new RunSealing(df, sealer);
    const input = sealing.openInput(
      df.getInput<MaybeSealed<TriesInput & { action: string; tell?: string }>>(),
    );
    const tries = new Tries(df, input, sealing);
    try {
      const result = yield* tries.all();
      if (input.tell !== undefined) {
        const message: FlowMessage = { kind: 'childEnding', child: df.instanceId };
        yield* callThroughOutages(tries, 'raise-inbox', { instances: [input.tell], message });
      }
      return sealing.seal(result);
    } finally {
      tries.inbox.close();
    }
  };
}

class Tries {
  readonly inbox: Inbox<FlowMessage>;
  private readonly runs: string[] = [];
  private cancelled: { by: string | undefined } | undefined;

  constructor(
    readonly df: OrchestrationContext['df'],
    private readonly input: TriesInput & { action: string },
    private readonly sealing: RunSealing,
  ) {
    this.inbox = new Inbox(df);
  }

  hear(message: FlowMessage): void {
    if (message.kind === 'cancel') this.cancelled ??= { by: message.by };
  }

  *all(): Generator<Task, TriesResult, unknown> {
    for (let n = 0; ; n++) {
      const tried = yield* this.once();
      const { status, error } = tried;
      const pauseMs = this.input.pauses[n];
      const again = (status === 'Failed' || status === 'TimedOut') && error && isTransientError(error.code);
      const [run, ...earlier] = this.runs.toReversed();
      const result: TriesResult = {
        ...tried,
        ...(run === undefined ? {} : { run }),
        ...(earlier.length > 0 ? { earlierRuns: earlier.toReversed() } : {}),
      };
      if (!again || pauseMs === undefined || this.cancelled) return result;
      yield* this.sleep(this.inbox.nowMs + pauseMs);
      if (this.cancelled) return { ...result, status: 'Cancelled' };
    }
  }

  private *once(): Generator<Task, Try, unknown> {
    return this.input.kind === 'http'
      ? yield* this.request(this.input)
      : yield* this.desktopFlow(this.input.run);
  }

  private *desktopFlow(run: DesktopFlowRunInput): Generator<Task, Try, unknown> {
    const instance = `${this.df.instanceId}-${this.runs.length + 1}`;
    this.runs.push(instance);
    const { action } = this.input;
    this.df.setCustomStatus({
      state: 'Running',
      actions: { [action]: { status: 'Running', run: instance } },
    });
    let ended: Try | undefined;
    const children = new OpenChildren(this);
    const task = this.df.callSubOrchestrator(orchestrations.desktopFlowRun, run, instance);
    children.add({
      instance,
      task,
      shown: false,
      unwanted: () => false,
      ended: (done) => {
        const result = resultOf<DesktopRunResult>(done);
        if ('broken' in result) ended = { status: 'Failed', error: result.broken };
        else {
          const { state, outputs, error } = result;
          ended = { status: state, ...(outputs ? { outputs } : {}), ...(error ? { error } : {}) };
        }
      },
    });
    yield* children.wait([task], undefined);
    for (;;) {
      yield* children.takeEnded();
      if (ended) return ended;
      if (this.cancelled) yield* children.cancelAll(this.cancelled.by);
      else yield* children.wait([], undefined);
    }
  }

  /** A request takes two minutes at most: a cancel waits for its end. */
  private *request(input: Extract<TriesInput, { kind: 'http' }>): Generator<Task, Try, unknown> {
    const { request, timeoutMs } = input;
    const { sealing } = this;
    const tried = yield* callActivity(this, 'send-http', {
      request: sealing.seal(request),
      timeoutMs,
      ...(sealing.on ? { sealedFor: this.df.instanceId } : {}),
    });
    const outputs = tried.outputs ? { outputs: sealing.open(tried.outputs) } : {};
    return tried.ok
      ? { status: 'Succeeded', ...outputs }
      : { status: 'Failed', error: tried.error, ...outputs };
  }

  private *sleep(untilMs: number): Generator<Task, void, unknown> {
    while (!this.cancelled && this.inbox.nowMs < untilMs) {
      const message = yield* this.inbox.next(untilMs);
      if (message) this.hear(message);
    }
  }
}
