import type { Task } from 'durable-functions';
import { errorInfo } from '../contracts/errors';
import type { ErrorInfo } from '../contracts/errors';
import type { DesktopFlowAction, FlowAction } from '../contracts/flow-definition';
import { desktopFlowInputs } from '../contracts/flow-definition';
import type { ActionStatus, DesktopRunResult } from '../contracts/runs';
import { ExpressionError } from '../domain/expressions/expression-error';
import { evaluate } from '../domain/expressions/evaluate';
import type { ExpressionScope } from '../domain/expressions/scope';
import type { Actions } from '../domain/flows/plan';
import { hasParallelBranches, inOrder, readiness } from '../domain/flows/plan';
import type { DesktopFlowRunInput } from '../domain/runs/run-inputs';
import { orchestrations } from './names';
import { OpenChildren } from './open-children';
import type { Parent } from './open-children';

export interface Walk extends Parent {
  /** The cloud-flow run: its desktop-flow runs are numbered `<run>-<n>`. */
  run: string;
  /** Number before the first child of this walk. */
  numbered: number;
  actions: Actions;
  /** Statuses of actions that ended before, and then of all. */
  outcomes: Record<string, ActionStatus>;
  triggerBody: unknown;
  startedBy: string | undefined;
  /** Called after every change. */
  changed(): void;
}

/** Walks actions in the order of `runAfter`; branches that do not depend on each other run at the same time (row A5). */
export function* walkActions(walk: Walk): Generator<Task, void, unknown> {
  const waiting = new Set(inOrder(walk.actions));
  const children = new OpenChildren(walk);
  const tell = hasParallelBranches(walk.actions) ? walk.df.instanceId : undefined;
  for (;;) {
    for (const { name, task } of yield* children.takeEnded()) end(walk, name, childStatus(walk, name, task));
    const tasks = settleReady(walk, waiting).map(({ name, input, run }) => {
      const task = walk.df.callSubOrchestrator(orchestrations.desktopFlowRun, { ...input, tell }, run);
      children.add({ instance: run, name, task });
      return task;
    });
    if (children.none) return;
    if (walk.cancelled) yield* children.cancel(walk.cancelled.by);
    else yield* children.wait(tasks);
  }
}

interface Starting {
  name: string;
  run: string;
  input: DesktopFlowRunInput;
}

/** Runs through every action that can be decided now; what is left is desktop flows to start. */
function settleReady(walk: Walk, waiting: Set<string>): Starting[] {
  const starting: Starting[] = [];
  for (const name of waiting) {
    const action = walk.actions[name];
    if (!action) continue;
    const ready = walk.cancelled ? 'cancel' : readiness(action, walk.outcomes);
    if (ready === 'wait') continue;
    waiting.delete(name);
    if (ready === 'start') starting.push(...begin(walk, name, action));
    else end(walk, name, { status: ready === 'skip' ? 'Skipped' : 'Cancelled' });
  }
  return starting;
}

function begin(walk: Walk, name: string, action: FlowAction): Starting[] {
  const startedAt = instantOf(walk);
  try {
    const inputs = evaluate(action.inputs, scopeOf(walk, name));
    if (action.type === 'Compose') {
      end(walk, name, { status: 'Succeeded', startedAt, outputs: inputs });
      return [];
    }
    const run = `${walk.run}-${++walk.numbered}`;
    walk.outcomes[name] = { status: 'Running', startedAt, run };
    walk.changed();
    return [{ name, run, input: desktopRunInput(walk, name, action, inputs) }];
  } catch (error) {
    if (!(error instanceof ExpressionError) && !(error instanceof InvalidInputs)) throw error;
    end(walk, name, {
      status: 'Failed',
      startedAt,
      error: errorInfo(error instanceof ExpressionError ? error.code : 'InvalidInput', {
        details: error.message,
      }),
    });
    return [];
  }
}

/** The action's inputs are wrong once their expressions are evaluated. */
class InvalidInputs extends Error {}

function desktopRunInput(
  walk: Walk,
  name: string,
  action: DesktopFlowAction,
  inputs: unknown,
): DesktopFlowRunInput {
  const checked = desktopFlowInputs.safeParse(inputs);
  if (!checked.success) throw new InvalidInputs(checked.error.issues.map(problemOf).join('; '));
  return {
    action: checked.data,
    name,
    runTimeout: action.limit?.timeout,
    startedBy: walk.startedBy,
  };
}

function problemOf({ path, message }: { path: PropertyKey[]; message: string }): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

/** What the expressions of an action see. */
export function scopeOf(walk: Walk, name: string): ExpressionScope {
  return {
    now: walk.inbox.nowMs,
    trigger: { body: walk.triggerBody },
    actions: Object.fromEntries(
      Object.entries(walk.outcomes)
        .filter(([, { status }]) => status !== 'Running')
        .map(([before, { startedAt, endedAt, status, outputs, error }]) => [
          before,
          { status, startTime: startedAt, endTime: endedAt, outputs, error },
        ]),
    ),
    seed: `${walk.run} ${name}`,
  };
}

function childStatus(walk: Walk, name: string, task: Task): ActionStatus {
  const { startedAt, run } = walk.outcomes[name] ?? {};
  const begun = { ...(startedAt ? { startedAt } : {}), ...(run ? { run } : {}) };
  if (!task.isCompleted) return { status: 'Failed', ...begun, error: broken(task) };
  const result = task.result as DesktopRunResult;
  return {
    status: result.state,
    ...begun,
    ...(result.outputs === undefined ? {} : { outputs: result.outputs }),
    ...(result.error ? { error: result.error } : {}),
  };
}

/** The engine's account of a broken child is long and nested; its beginning says what happened, and the rest would not fit the status. */
const LONGEST_ACCOUNT = 2_000;

function broken(task: Task): ErrorInfo {
  const account = task.result instanceof Error ? task.result.message : String(task.result);
  return errorInfo('Internal', { details: account.slice(0, LONGEST_ACCOUNT) });
}

function end(walk: Walk, name: string, status: ActionStatus): void {
  walk.outcomes[name] = { ...status, endedAt: instantOf(walk) };
  walk.changed();
}

function instantOf(walk: Walk): string {
  return new Date(walk.inbox.nowMs).toISOString();
}
