import { errorInfo } from '../contracts/errors';
import type {
  FlowAction,
  FlowActions,
  IfAction,
  SwitchAction,
} from '../contracts/flow-definition/control-actions';
import { waitInputs } from '../contracts/flow-definition/data-actions';
import { decide, same } from '../domain/flows/conditions';
import { operate } from '../domain/flows/data-operations/operate';
import { durationMs } from '../domain/flows/duration';
import { evaluate } from '../domain/expressions/evaluate';
import { asText } from '../domain/expressions/values';
import { isApart } from '../domain/flows/segments';
import { initialValue, VariableError, type VariableChange } from '../domain/flows/variables';
import { blocksOf } from '../domain/flows/action-tree';
import { end, inside, judgeBlock, running, skipBlock } from './end-action';
import { HIDDEN, InvalidInputs, mistakeIn } from './mistakes';
import { startDesktopFlow, startHttp } from './start-action';
import { startApart } from './start-part';
import { startLoop } from './start-loop';
import { startUntil } from './start-until';
import type { Block, FlowResponse, Walk } from './walk';

/** Begins an action whose `runAfter` is met; what only computes ends at once. What cannot be evaluated fails the action. */
export function begin(walk: Walk, block: Block, name: string, action: FlowAction): void {
  try {
    act(walk, block, name, action);
  } catch (error) {
    end(walk, block, name, { status: 'Failed', error: mistakeIn(walk, name, error) });
  }
}

function act(walk: Walk, block: Block, name: string, action: FlowAction): void {
  const value = (template: unknown): unknown => evaluate(template, walk.scope(block, name));
  switch (action.type) {
    case 'Compose': {
      const inputs = value(action.inputs);
      return end(walk, block, name, { status: 'Succeeded', inputs, outputs: inputs });
    }
    case 'Select':
    case 'Query':
    case 'Table':
    case 'Join':
    case 'ParseJson': {
      const made = operate(name, action, walk.scope(block, name));
      return end(walk, block, name, { status: 'Succeeded', ...made });
    }
    case 'DesktopFlow':
      return startDesktopFlow(walk, block, name, action, value);
    case 'Http':
      return startHttp(walk, block, name, action, value);
    case 'InitializeVariable': {
      const inputs = action.inputs.variables.map((each) => ({ ...each, value: value(each.value) }));
      for (const { name: variable, type, value: first } of inputs) {
        walk.variables.apply(variable, { op: 'set', value: initialValue(variable, type, first) });
      }
      return end(walk, block, name, { status: 'Succeeded', inputs: { variables: inputs } });
    }
    case 'SetVariable':
    case 'IncrementVariable':
    case 'DecrementVariable':
    case 'AppendToArrayVariable':
    case 'AppendToStringVariable': {
      const inputs = { name: action.inputs.name, value: value(action.inputs.value) };
      walk.variables.apply(inputs.name, changeOf(action.type, inputs.value));
      return end(walk, block, name, { status: 'Succeeded', inputs });
    }
    case 'If':
      return choose(walk, block, { name, action, taken: branchOf(action, value) });
    case 'Switch':
      return choose(walk, block, { name, action, taken: caseOf(action, value) });
    case 'Scope':
      return choose(walk, block, { name, action, taken: action.actions });
    case 'Foreach':
      return startLoop(walk, block, name, action, value(action.foreach));
    case 'Until':
      return startUntil(walk, block, name, action);
    case 'Wait':
      return wait(walk, block, { name, untilMs: wakeMs(walk.nowMs, value(action.inputs)) });
    case 'Terminate': {
      const { runStatus, runError } = value(action.inputs) as typeof action.inputs;
      const masked = walk.facts.masked[name]?.includes('inputs');
      end(walk, block, name, { status: 'Succeeded', inputs: { runStatus, runError } });
      walk.stop ??= {
        kind: 'terminated',
        state: runStatus,
        ...(runStatus === 'Failed'
          ? { error: masked ? terminated({ message: HIDDEN }) : terminated(runError) }
          : {}),
      };
      return;
    }
    case 'Response': {
      const inputs = value(action.inputs) as FlowResponse;
      const { statusCode, headers, body } = inputs;
      walk.response = {
        statusCode,
        ...(headers ? { headers } : {}),
        ...(body === undefined ? {} : { body }),
      };
      return end(walk, block, name, { status: 'Succeeded', inputs, outputs: walk.response });
    }
  }
}

function terminated(error: { code?: string | undefined; message?: string | undefined } = {}) {
  return errorInfo('FlowTerminated', {
    ...(error.code ? { subCode: error.code } : {}),
    ...(error.message ? { details: error.message } : {}),
  });
}

function changeOf(type: string, value: unknown): VariableChange {
  const number = (): number => {
    if (typeof value === 'number') return value;
    throw new VariableError(`${JSON.stringify(value)} is not a number.`);
  };
  switch (type) {
    case 'IncrementVariable':
      return { op: 'add', by: number() };
    case 'DecrementVariable':
      return { op: 'add', by: -number() };
    case 'AppendToArrayVariable':
      return { op: 'append', items: [value] };
    case 'AppendToStringVariable':
      return { op: 'concat', text: asText(value) };
    default:
      return { op: 'set', value };
  }
}

function branchOf(action: IfAction, value: (template: unknown) => unknown): FlowActions {
  return decide(value(action.expression)) ? action.actions : (action.else?.actions ?? {});
}

function caseOf(action: SwitchAction, value: (template: unknown) => unknown): FlowActions {
  const wanted = value(action.expression);
  const found = Object.values(action.cases).find((each) => same(each.case, wanted));
  return found?.actions ?? action.default?.actions ?? {};
}

/** Walks one of the blocks inside the action, here or in a child orchestration; the others are skipped. */
function choose(
  walk: Walk,
  block: Block,
  { name, action, taken }: { name: string; action: FlowAction; taken: FlowActions },
): void {
  for (const { actions } of blocksOf(action)) {
    if (actions !== taken) skipBlock(block.frame.outcomes, actions, walk.now);
  }
  running(walk, block, name);
  const limit = 'limit' in action ? action.limit : undefined;
  const untilMs = limit && walk.nowMs + durationMs(limit.timeout);
  if (isApart(action)) return startApart(walk, block, { name, actions: taken, untilMs });
  const inner = walk.open({
    frame: block.frame,
    path: inside(block, name),
    actions: taken,
    outer: block,
    ended: (stop) => end(walk, block, name, judgeBlock(taken, block.frame.outcomes, stop)),
  });
  if (untilMs === undefined) return;
  walk.tell = walk.df.instanceId;
  walk.alarms.push({
    block,
    name,
    untilMs,
    onStop: false,
    ring: () => (inner.stop ??= { kind: 'timedOut' }),
  });
}

function wait(walk: Walk, block: Block, { name, untilMs }: { name: string; untilMs: number }): void {
  running(walk, block, name, { inputs: { until: new Date(untilMs).toISOString() } });
  walk.alarms.push({
    block,
    name,
    untilMs,
    onStop: true,
    ring: (stop) => end(walk, block, name, { status: stop ? 'Cancelled' : 'Succeeded' }),
  });
}

const UNIT_MS = { Second: 1_000, Minute: 60_000, Hour: 3_600_000, Day: 86_400_000, Week: 604_800_000 };

/** The furthest instant that can be written. */
const LATEST_MS = Date.UTC(9999, 11, 31);

function wakeMs(nowMs: number, inputs: unknown): number {
  const checked = waitInputs.safeParse(inputs);
  if (!checked.success) {
    throw new InvalidInputs(`Wait: ${JSON.stringify(inputs)} is neither an interval nor an instant`);
  }
  const { data } = checked;
  const untilMs =
    'until' in data
      ? Date.parse(data.until.timestamp)
      : nowMs + data.interval.count * UNIT_MS[data.interval.unit];
  return Math.min(untilMs, LATEST_MS);
}
