import type { UntilAction } from '../contracts/flow-definition/control-actions';
import { durationMs } from '../domain/flows/duration';
import { judgeUntil } from '../domain/flows/until';
import { running } from './end-action';
import { noRounds, startRounds } from './start-rounds';
import type { Block, Walk } from './walk';

/** Walks the rounds of an `Until`, one after the other, in child orchestrations. */
export function startUntil(walk: Walk, block: Block, name: string, action: UntilAction): void {
  const { actions, expression, limit } = action;
  running(walk, block, name, { inputs: limit, iterations: noRounds(0) });
  const untilMs = walk.nowMs + durationMs(limit.timeout);
  startRounds(walk, block, name, {
    actions,
    input: () => ({ until: { expression, untilMs }, count: limit.count, degree: 1 }),
    judge: ({ until = {} }) => judgeUntil(action, until),
  });
}
