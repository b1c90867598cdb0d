import { INLINE_VALUE } from '../contracts/action-records';
import { errorInfo, type ErrorInfo } from '../contracts/errors';
import type { FlowActions, ForeachAction } from '../contracts/flow-definition/control-actions';
import type { IterationCounts } from '../contracts/runs';
import { durationMs } from '../domain/flows/duration';
import type { LoopValue } from '../domain/expressions/scope';
import { portable, type Outcomes, type Stop } from '../domain/flows/outcome';
import { factsFor, outcomesFor, type RunFacts } from '../domain/flows/run-facts';
import type { VariableChanges } from '../domain/flows/variables';
import { callActivity } from './call-activity';
import { end, inside, judgeBlock, resultOf, running } from './end-action';
import { orchestrations } from './names';
import { InvalidInputs } from './start-action';
import { mapped } from './start-part';
import { stopOf, type Block, type FlowResponse, type Walk } from './walk';

/** Rounds at the same time when the definition does not say. */
const USUAL_DEGREE = 20;

/** Input of `cloud-flow-loop`: some rounds of a loop, one after the other in number. */
export interface LoopInput {
  facts: RunFacts;
  /** Path of the loop. */
  path: string;
  name: string;
  actions: FlowActions;
  /** The items of these rounds; or the hash of all items of the loop. */
  items?: unknown[] | undefined;
  itemsHash?: string | undefined;
  first: number;
  count: number;
  /** How many rounds may go on at the same time. */
  degree: number;
  loops: readonly LoopValue[];
  outcomes: Outcomes;
  variables: Readonly<Record<string, unknown>>;
  /** Its counts are shown with the run. */
  shown: boolean;
  tell?: string | undefined;
}

export interface LoopResult {
  counts: IterationCounts;
  /** The first round, by number, that failed. */
  failure?: { round: number; error?: ErrorInfo | undefined } | undefined;
  changes: VariableChanges;
  stop?: Stop | undefined;
  response?: FlowResponse | undefined;
}

export function noRounds(total: number): IterationCounts {
  return { total, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
}

/** Walks the loop's rounds in child orchestrations. A long list is put into a blob that they share. */
export function startLoop(
  walk: Walk,
  block: Block,
  name: string,
  action: ForeachAction,
  list: unknown,
): void {
  if (!Array.isArray(list)) throw new InvalidInputs(`Foreach: ${JSON.stringify(list)} is no list`);
  const items = list as unknown[];
  running(walk, block, name, { inputs: { items: items.length }, iterations: noRounds(items.length) });
  if (items.length === 0) return end(walk, block, name, { status: 'Succeeded' });
  let stop: Stop | undefined;
  if (action.limit) {
    walk.tell = walk.df.instanceId;
    const untilMs = walk.nowMs + durationMs(action.limit.timeout);
    walk.alarms.push({ block, name, untilMs, onStop: false, ring: () => (stop ??= { kind: 'timedOut' }) });
  }
  const long = JSON.stringify(items).length > INLINE_VALUE;
  let itemsHash: string | undefined;
  const { frame } = block;
  walk.startChild({
    orchestration: orchestrations.cloudFlowLoop,
    instance: walk.nextPart(),
    shown: frame.loops.length === 0,
    unwanted: () => (stop ?? stopOf(walk, block)) !== undefined,
    abandon: () => end(walk, block, name, { status: 'Cancelled' }),
    ...(long
      ? {
          *prepare() {
            const value = walk.sealing.seal(items);
            itemsHash = yield* callActivity(walk, 'keep-value', { run: walk.facts.run, value });
          },
        }
      : {}),
    input: () =>
      walk.sealing.seal<LoopInput>({
        facts: factsFor(walk.facts, action.actions),
        path: inside(block, name),
        name,
        actions: action.actions,
        ...(itemsHash === undefined ? { items } : { itemsHash }),
        first: 0,
        count: items.length,
        degree: action.runtimeConfiguration?.concurrency?.repetitions ?? USUAL_DEGREE,
        loops: frame.loops,
        outcomes: mapped(outcomesFor(walk.facts, action.actions, frame.outcomes), portable),
        variables: walk.variables.values,
        shown: frame.loops.length === 0,
        tell: walk.tell,
      }),
    ended: (task) => {
      const result = resultOf<LoopResult>(task, walk.sealing);
      if ('broken' in result) return end(walk, block, name, { status: 'Failed', error: result.broken });
      walk.variables.applyAll(result.changes);
      walk.response = result.response ?? walk.response;
      if (result.stop?.kind === 'terminated') walk.stop ??= result.stop;
      return end(walk, block, name, {
        ...judge(result, stop ?? stopOf(walk, block)),
        iterations: result.counts,
      });
    },
  });
}

function judge({ counts, failure }: LoopResult, stop: Stop | undefined): ReturnType<typeof judgeBlock> {
  if (stop) return judgeBlock({}, {}, stop);
  if (counts.failed === 0) return { status: 'Succeeded' };
  const { round = 0, error } = failure ?? {};
  const details = `${counts.failed} of ${counts.total} rounds failed, the first of them is [${round}]: ${error?.details ?? error?.message ?? ''}`;
  return { status: 'Failed', error: errorInfo('ActionFailed', { details }) };
}
