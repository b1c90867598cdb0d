import type { Task } from 'durable-functions';
import type { DesktopFlowAction } from '../contracts/flow-definition/desktop-flow-action';
import { desktopFlowInputs } from '../contracts/flow-definition/desktop-flow-action';
import { httpInputs, type HttpAction } from '../contracts/flow-definition/http-action';
import type { DesktopRunResult } from '../contracts/runs';
import { durationMs } from '../domain/flows/duration';
import { HTTP_RETRIES, pausesOf } from '../domain/flows/retries';
import type { DesktopFlowRunInput } from '../domain/runs/run-inputs';
import type { TriesInput, TriesResult } from './action-tries';
import { end, resultOf, running } from './end-action';
import { InvalidInputs } from './mistakes';
import { orchestrations } from './names';
import { stopOf, type Block, type Walk } from './walk';

type Evaluate = (template: unknown) => unknown;

/** Row A5: a desktop-flow run; with retries, an orchestration of its own sees to them. */
export function startDesktopFlow(
  walk: Walk,
  block: Block,
  name: string,
  action: DesktopFlowAction,
  value: Evaluate,
): void {
  const { retryPolicy, ...template } = action.inputs;
  const inputs = checked(desktopFlowInputs, value(template));
  const { sealing } = walk;
  const run: DesktopFlowRunInput = {
    // Only what the desktop flow is given can be secret: queue and machine are found by the rest.
    action: sealing.on
      ? { ...inputs, inputs: sealing.seal(inputs.inputs) as unknown as typeof inputs.inputs }
      : inputs,
    ...(sealing.on ? { sealed: true } : {}),
    name,
    runTimeout: action.limit?.timeout,
    startedBy: walk.facts.startedBy,
    masked: walk.facts.masked[name],
  };
  const pauses = pausesOf(retryPolicy);
  if (pauses.length > 0) {
    return startTries(walk, block, name, { inputs, tries: { kind: 'desktopFlow', run, pauses } });
  }
  const instance = walk.idOfRun(name, block.frame);
  running(walk, block, name, { inputs, run: instance });
  walk.startChild({
    ...childOf(walk, block, name),
    orchestration: orchestrations.desktopFlowRun,
    instance,
    input: () => ({ ...run, tell: walk.tell }),
    ended: (task) => {
      const result = resultOf<DesktopRunResult>(task);
      if ('broken' in result) return end(walk, block, name, { status: 'Failed', error: result.broken });
      const { state, outputs, error } = result;
      return end(walk, block, name, {
        status: state,
        ...(outputs === undefined ? {} : { outputs: sealing.open(outputs) }),
        ...(error ? { error } : {}),
      });
    },
  });
}

/** Longest that one HTTP request may take. */
const HTTP_LONGEST_MS = 120_000;

export function startHttp(walk: Walk, block: Block, name: string, action: HttpAction, value: Evaluate): void {
  const { retryPolicy, ...template } = action.inputs;
  const inputs = checked(httpInputs, value(template));
  const timeoutMs = Math.min(
    HTTP_LONGEST_MS,
    action.limit ? durationMs(action.limit.timeout) : HTTP_LONGEST_MS,
  );
  const pauses = pausesOf(retryPolicy ?? HTTP_RETRIES);
  startTries(walk, block, name, { inputs, tries: { kind: 'http', request: inputs, timeoutMs, pauses } });
}

function startTries(
  walk: Walk,
  block: Block,
  name: string,
  { inputs, tries }: { inputs: unknown; tries: TriesInput },
): void {
  running(walk, block, name, { inputs });
  walk.startChild({
    ...childOf(walk, block, name),
    orchestration: orchestrations.actionTries,
    instance: walk.idOfPart(name, block.frame),
    input: () => walk.sealing.seal({ ...tries, action: name, tell: walk.tell }),
    ended: (task) => {
      const result = resultOf<TriesResult>(task, walk.sealing);
      if ('broken' in result) return end(walk, block, name, { status: 'Failed', error: result.broken });
      const { outputs, ...rest } = result;
      return end(walk, block, name, {
        ...rest,
        ...(outputs === undefined ? {} : { outputs: walk.sealing.open(outputs) }),
      });
    },
  });
}

function childOf(walk: Walk, block: Block, name: string) {
  return {
    abandon: (): void => end(walk, block, name, { status: 'Cancelled' }),
    unwanted: (): boolean => stopOf(walk, block) !== undefined,
    shown: false,
    ended: (_task: Task): void => undefined,
  };
}

/** @throws InvalidInputs naming every wrong place. */
function checked<Output>(
  schema: {
    safeParse(
      value: unknown,
    ):
      | { success: true; data: Output }
      | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
  },
  value: unknown,
): Output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidInputs(parsed.error.issues.map(problemOf).join('; '));
}

function problemOf({ path, message }: { path: PropertyKey[]; message: string }): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}
