import type { DurableOrchestrationContext, OrchestrationContext, Task } from 'durable-functions';
import { errorInfo } from '../contracts/errors';
import type { FlowDefinition } from '../contracts/flow-definition';
import type { CloudRunStatus } from '../contracts/runs';
import type { Sealer } from '../contracts/sealed-values';
import { evaluate } from '../domain/expressions/evaluate';
import { fitActions } from '../domain/flows/fit-status';
import { judgeFlow } from '../domain/flows/plan';
import { actionsRead } from '../domain/flows/references';
import { factsOfDefinition, withInside, type RunFacts } from '../domain/flows/run-facts';
import type { FlowMessage } from '../domain/runs/inbox-messages';
import { shortError } from '../domain/runs/judgements';
import type { CloudFlowRunInput, CloudFlowRunResult, StartData } from '../domain/runs/run-inputs';
import { isAutomatic } from '../domain/runs/run-inputs';
import { callActivity, callThroughOutages } from './call-activity';
import { Inbox } from './inbox';
import { loadLong } from './long-values';
import { HIDDEN } from './mistakes';
import { RunSealing } from './run-sealing';
import { shownOutcomes, Walk, type Frame } from './walk';
import { walkActions } from './walk-actions';

interface Parts {
  df: DurableOrchestrationContext;
  inbox: Inbox<FlowMessage>;
  sealing: RunSealing;
}

/**
 * One run of a cloud flow: load the snapshot of its definition, walk its actions, judge how it ended, record that. The instance
 * id is the run id; while it goes on, the custom status tells where it is.
 */
export function cloudFlowRun(sealer: Sealer) {
  return function* ({ df }: OrchestrationContext): Generator<Task, CloudFlowRunResult, unknown> {
    const inbox = new Inbox<FlowMessage>(df);
    try {
      return yield* run({ df, inbox, sealing: new RunSealing(df, sealer) });
    } finally {
      inbox.close();
    }
  };
}

function* run(parts: Parts): Generator<Task, CloudFlowRunResult, unknown> {
  const { df, inbox, sealing } = parts;
  const input = df.getInput<CloudFlowRunInput>();
  const requestedMs = inbox.nowMs;
  const starting: CloudRunStatus = { state: 'Running', actions: {} };
  df.setCustomStatus(starting);
  const loaded = yield* callActivity(parts, 'load-flow', { ...input, requestedMs });
  if (!loaded.ok) return yield* finish(parts, { state: 'Failed', actions: {}, error: loaded.error });

  const { definition } = loaded;
  sealing.on = loaded.secured ?? false;
  const facts = factsOf(input, {
    definition,
    parameters: sealing.open(loaded.parameters),
    triggerBody: input.sealed ? sealing.open<StartData>(input.sealed).triggerBody : input.triggerBody,
    requestedMs,
  });
  const walk = new Walk(df, facts, sealing, {}, inbox);
  walk.numberBy(definition.actions);
  const frame: Frame = { loops: [], outcomes: {} };
  walk.shownFrame = frame;
  walk.wanted = withInside(walk.facts, actionsRead(definition.outputs));
  walk.open({ frame, path: '', actions: definition.actions, ended: () => undefined });
  yield* walkActions(walk, () => walk.show());
  yield* loadLong(walk, frame, definition.outputs);
  return yield* finish(parts, judge(definition, walk, frame), walk);
}

function factsOf(
  input: CloudFlowRunInput,
  loaded: {
    definition: FlowDefinition;
    parameters: Record<string, unknown>;
    triggerBody: unknown;
    requestedMs: number;
  },
): RunFacts {
  const startTime = new Date(loaded.requestedMs).toISOString();
  return {
    run: input.run,
    flow: input.flow,
    startedBy: input.startedBy,
    trigger: { name: Object.keys(loaded.definition.triggers)[0], startTime, body: loaded.triggerBody },
    parameters: loaded.parameters,
    workflow: { name: input.flow, run: { name: input.run, id: `/api/runs/${input.run}`, startTime } },
    ...factsOfDefinition(loaded.definition),
  };
}

function* finish(
  parts: Parts,
  result: CloudFlowRunResult,
  walk?: Walk,
): Generator<Task, CloudFlowRunResult, unknown> {
  const { df, inbox } = parts;
  const ended: CloudRunStatus = {
    state: result.state,
    actions: fitActions(result.actions),
    ...(result.error ? { error: shortError(result.error) } : {}),
  };
  df.setCustomStatus(ended);
  const input = df.getInput<CloudFlowRunInput>();
  yield* callThroughOutages(parts, 'record-run', {
    row: {
      run: input.run,
      ...(isAutomatic(input.trigger) ? { name: input.flow, trigger: input.trigger } : {}),
      state: result.state,
      endedMs: inbox.nowMs,
      error: result.error,
    },
    ...(walk && walk.unrecorded.length > 0 ? { records: walk.unrecorded.map(({ record }) => record) } : {}),
  });
  return result;
}

function judge(definition: FlowDefinition, walk: Walk, frame: Frame): CloudFlowRunResult {
  const actions = shownOutcomes(walk.facts, frame);
  const { stop } = walk;
  if (stop?.kind === 'cancelled') {
    return {
      state: 'Cancelled',
      actions,
      error: errorInfo('Cancelled', stop.by ? { details: `by ${stop.by}` } : {}),
    };
  }
  if (stop?.kind === 'terminated' && stop.state !== 'Succeeded') {
    return {
      state: stop.state,
      actions,
      error: stop.error ?? errorInfo('Cancelled', { details: 'by Terminate' }),
    };
  }
  const { state, culprit } = judgeFlow(definition.actions, frame.outcomes);
  if (culprit && !stop) return { state, actions, error: frame.outcomes[culprit]?.error };
  return answer(definition, walk, frame, actions);
}

/** What a run that succeeded answers with: the definition's `outputs`, and what its Response action gave. */
function answer(
  definition: FlowDefinition,
  walk: Walk,
  frame: Frame,
  actions: CloudFlowRunResult['actions'],
): CloudFlowRunResult {
  const response = walk.response ? { response: walk.response } : {};
  const { sealing } = walk;
  if (walk.stop) {
    return { state: 'Succeeded', actions, ...(walk.response ? { outputs: sealing.seal(response) } : {}) };
  }
  try {
    const scope = walk.scope({ frame }, 'outputs');
    const outputs = evaluate(definition.outputs ?? {}, scope) as Record<string, unknown>;
    return { state: 'Succeeded', actions, outputs: sealing.seal({ ...outputs, ...response }) };
  } catch (error) {
    const details = sealing.on ? HIDDEN : error instanceof Error ? error.message : String(error);
    return { state: 'Failed', actions, error: errorInfo('InvalidDefinition', { details }) };
  }
}
