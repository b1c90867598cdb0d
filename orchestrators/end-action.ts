import type { Task } from 'durable-functions';
import { LARGEST_VALUE } from '../contracts/action-records';
import { errorInfo, type ErrorInfo } from '../contracts/errors';
import type { FlowAction, FlowActions } from '../contracts/flow-definition/control-actions';
import { innerNames } from '../domain/flows/action-tree';
import type { Outcome, Outcomes, Stop } from '../domain/flows/outcome';
import { judgeFlow } from '../domain/flows/plan';
import type { MaybeSealed } from '../contracts/sealed-values';
import type { GivenValue, NewRecord } from './record-actions.activity';
import type { RunSealing } from './run-sealing';
import { within, type Block, type Walk } from './walk';

/** The action is under way from now on. */
export function running(walk: Walk, block: Block, name: string, more: Partial<Outcome> = {}): void {
  block.open.add(name);
  block.frame.outcomes[name] = { status: 'Running', startedAt: walk.now, ...more };
}

/** The action has ended. What it was started with stays. */
export function end(
  walk: Walk,
  block: Block,
  name: string,
  outcome: Partial<Outcome> & Pick<Outcome, 'status'>,
): void {
  block.waiting.delete(name);
  block.open.delete(name);
  const ended: Outcome = sized({
    startedAt: walk.now,
    ...block.frame.outcomes[name],
    ...outcome,
    endedAt: walk.now,
  });
  block.frame.outcomes[name] = ended;
  walk.unrecorded.push({ record: recordOf(walk, block, name, ended), outcome: ended });
}

/** An action that never started, and all that is inside it. */
export function skip(walk: Walk, block: Block, name: string, status: 'Skipped' | 'Cancelled'): void {
  block.waiting.delete(name);
  const action = block.actions[name];
  const ended: Outcome = { status, endedAt: walk.now };
  block.frame.outcomes[name] = ended;
  walk.unrecorded.push({ record: recordOf(walk, block, name, ended) });
  if (action) skipInside(block.frame.outcomes, action, walk.now);
}

/** The actions of a branch that is not taken. */
export function skipBlock(outcomes: Outcomes, actions: FlowActions, now: string): void {
  for (const [name, action] of Object.entries(actions)) {
    outcomes[name] = { status: 'Skipped', endedAt: now };
    skipInside(outcomes, action, now);
  }
}

function skipInside(outcomes: Outcomes, action: FlowAction, now: string): void {
  for (const inner of innerNames(action)) outcomes[inner] = { status: 'Skipped', endedAt: now };
}

/** How an action that holds others ends, by those in its block. */
export function judgeBlock(
  actions: FlowActions,
  outcomes: Readonly<Outcomes>,
  stop: Stop | undefined,
): Pick<Outcome, 'status'> & { error?: ErrorInfo } {
  if (stop?.kind === 'timedOut') return { status: 'TimedOut', error: errorInfo('ActionTimedOut') };
  if (stop) return { status: 'Cancelled' };
  const { state, culprit } = judgeFlow(actions, outcomes);
  if (culprit === undefined) return { status: state };
  const { code, message } = outcomes[culprit]?.error ?? {};
  const details = `${culprit}: ${code ?? state}${message === undefined ? '' : ` (${message})`}`;
  return {
    status: state === 'TimedOut' ? 'Failed' : state,
    error: errorInfo('ActionFailed', { ...(code ? { subCode: code } : {}), details }),
  };
}

/** The engine's account of a broken child is long and nested; its beginning says what happened, and the rest would not fit the status. */
const LONGEST_ACCOUNT = 2_000;

/** The child's result, or why it broke. */
export function resultOf<Result>(task: Task, sealing?: RunSealing): Result | { broken: ErrorInfo } {
  if (task.isCompleted) {
    const result = task.result as MaybeSealed<Result>;
    return sealing ? sealing.open(result) : (result as Result);
  }
  const account = task.result instanceof Error ? task.result.message : String(task.result);
  return { broken: errorInfo('Internal', { details: account.slice(0, LONGEST_ACCOUNT) }) };
}

function sized(outcome: Outcome): Outcome {
  if (lengthOf(outcome.outputs) <= LARGEST_VALUE && lengthOf(outcome.inputs) <= LARGEST_VALUE) return outcome;
  const { inputs: _inputs, outputs: _outputs, ...rest } = outcome;
  return { ...rest, status: 'Failed', error: errorInfo('ValueTooLarge') };
}

function lengthOf(value: unknown): number {
  return value === undefined ? 0 : ((JSON.stringify(value) as string | undefined)?.length ?? 0);
}

function recordOf({ facts }: Walk, block: Block, name: string, outcome: Outcome): NewRecord {
  const { inputs, outputs, outputsHash: _hash, endedAt, ...status } = outcome;
  const masked = facts.masked[name] ?? [];
  const given = (part: 'inputs' | 'outputs', value: unknown): GivenValue | undefined =>
    value === undefined ? undefined : masked.includes(part) ? { masked: true } : { value };
  return {
    ...status,
    parent: block.path,
    name,
    type: block.actions[name]?.type,
    endedAt: endedAt ?? '',
    inputs: given('inputs', inputs),
    outputs: given('outputs', outputs),
  };
}

/** Path of the block that a container action walks. */
export function inside(block: Block, name: string): string {
  return within(block.path, name);
}
