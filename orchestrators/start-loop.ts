import { INLINE_VALUE } from '../contracts/action-records';
import { errorInfo } from '../contracts/errors';
import type { ForeachAction } from '../contracts/flow-definition/control-actions';
import { durationMs } from '../domain/flows/duration';
import type { Stop } from '../domain/flows/outcome';
import { callActivity } from './call-activity';
import { end, running, type judgeBlock } from './end-action';
import { InvalidInputs } from './mistakes';
import { noRounds, startRounds, type LoopResult } from './start-rounds';
import type { Block, Walk } from './walk';

/** Rounds at the same time when the definition does not say. */
const USUAL_DEGREE = 20;

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
  startRounds(walk, block, name, {
    actions: action.actions,
    ...(long
      ? {
          *prepare() {
            const value = walk.sealing.seal(items);
            itemsHash = yield* callActivity(walk, 'keep-value', { run: walk.facts.run, value });
          },
        }
      : {}),
    input: () => ({
      ...(itemsHash === undefined ? { items } : { itemsHash }),
      count: items.length,
      degree: action.runtimeConfiguration?.concurrency?.repetitions ?? USUAL_DEGREE,
    }),
    stopped: () => stop,
    judge,
  });
}

function judge({ counts, failure }: LoopResult): ReturnType<typeof judgeBlock> {
  if (counts.failed === 0) return { status: 'Succeeded' };
  const { round = 0, error } = failure ?? {};
  const details = `${counts.failed} of ${counts.total} rounds failed, the first of them is [${round}]: ${error?.details ?? error?.message ?? ''}`;
  return { status: 'Failed', error: errorInfo('ActionFailed', { details }) };
}
