import type { OrchestrationContext, Task } from 'durable-functions';
import { errorInfo } from '../contracts/errors';
import type { FlowDefinition } from '../contracts/flow-definition';
import type { ActionStatus, CloudRunStatus } from '../contracts/runs';
import { evaluate } from '../domain/expressions/evaluate';
import { fitActions } from '../domain/flows/fit-status';
import { inOrder, judgeFlow } from '../domain/flows/plan';
import type { InboxMessage } from '../domain/runs/inbox-messages';
import { shortError } from '../domain/runs/judgements';
import type { CloudFlowRunInput, CloudFlowRunResult } from '../domain/runs/run-inputs';
import { callActivity, callThroughOutages } from './call-activity';
import { Inbox } from './inbox';
import { INLINE_ACTIONS, walkSegments } from './walk-segments';
import { scopeOf, walkActions } from './walk-actions';
import type { Walk } from './walk-actions';

/**
 * One run of a cloud flow: load the snapshot of its definition, walk its actions, judge how it ended, record that. The instance
 * id is the run id; while it goes on, the custom status tells where it is.
 */
export function* cloudFlowRun({ df }: OrchestrationContext): Generator<Task, CloudFlowRunResult, unknown> {
  const inbox = new Inbox<InboxMessage>(df);
  try {
    return yield* run({ df, inbox });
  } finally {
    inbox.close();
  }
}

function* run(parts: Pick<Walk, 'df' | 'inbox'>): Generator<Task, CloudFlowRunResult, unknown> {
  const { df, inbox } = parts;
  const input = df.getInput<CloudFlowRunInput>();
  const outcomes: Record<string, ActionStatus> = {};
  const show = (status: Pick<CloudRunStatus, 'state' | 'error'>): void =>
    df.setCustomStatus({ ...status, actions: fitActions(outcomes) });

  const requestedMs = inbox.nowMs;
  show({ state: 'Running' });
  const loaded = yield* callActivity(parts, 'load-flow', { ...input, requestedMs });

  let result: CloudFlowRunResult;
  if (loaded.ok) {
    const { actions } = loaded.definition;
    const walk: Walk = {
      df,
      inbox,
      run: input.run,
      numbered: 0,
      actions,
      outcomes,
      triggerBody: input.triggerBody,
      startedBy: input.startedBy,
      cancelled: undefined,
      changed: () => show({ state: 'Running' }),
    };
    yield* inOrder(actions).length <= INLINE_ACTIONS ? walkActions(walk) : walkSegments(walk);
    result = judge(loaded.definition, walk);
  } else result = { state: 'Failed', actions: {}, error: loaded.error };

  show({ state: result.state, ...(result.error ? { error: shortError(result.error) } : {}) });
  yield* callThroughOutages(parts, 'record-run', {
    row: { run: input.run, state: result.state, endedMs: inbox.nowMs, error: result.error },
  });
  return result;
}

function judge(definition: FlowDefinition, walk: Walk): CloudFlowRunResult {
  const { outcomes: actions, cancelled } = walk;
  if (cancelled) {
    const details = cancelled.by ? { details: `by ${cancelled.by}` } : {};
    return { state: 'Cancelled', actions, error: errorInfo('Cancelled', details) };
  }
  const { state, culprit } = judgeFlow(definition.actions, actions);
  if (culprit) return { state, actions, error: actions[culprit]?.error };
  try {
    const answer = evaluate(definition.outputs ?? {}, scopeOf(walk, 'outputs'));
    return { state, actions, outputs: answer as Record<string, unknown> };
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    return { state: 'Failed', actions, error: errorInfo('InvalidDefinition', { details }) };
  }
}
