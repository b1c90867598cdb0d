import type { Task } from 'durable-functions';
import type { ErrorInfo } from '../contracts/errors';
import type { FlowActions } from '../contracts/flow-definition/control-actions';
import type { IterationCounts } from '../contracts/runs';
import type { LoopValue } from '../domain/expressions/scope';
import { portable, type Outcomes, type Stop } from '../domain/flows/outcome';
import { factsFor, outcomesFor, type RunFacts } from '../domain/flows/run-facts';
import type { UntilEnd, UntilRule } from '../domain/flows/until';
import type { VariableChanges } from '../domain/flows/variables';
import { end, inside, judgeBlock, resultOf } from './end-action';
import { orchestrations } from './names';
import { mapped } from './start-part';
import { stopOf, type Block, type FlowResponse, type Walk } from './walk';

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
  /** In place of items: when no further round begins. */
  until?: UntilRule | undefined;
  first: number;
  /** Rounds; with `until` the most that there may be. */
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
  /** How an `Until` ended. */
  until?: UntilEnd | undefined;
  changes: VariableChanges;
  stop?: Stop | undefined;
  response?: FlowResponse | undefined;
}

export function noRounds(total: number): IterationCounts {
  return { total, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
}

type Judged = ReturnType<typeof judgeBlock>;

interface Rounds {
  actions: FlowActions;
  /** Runs activities that have to come before. */
  prepare?: () => Generator<Task, void, unknown>;
  input: () => Pick<LoopInput, 'count' | 'degree' | 'items' | 'itemsHash' | 'until'>;
  /** Why it was stopped by itself. */
  stopped?: () => Stop | undefined;
  /** How the loop ends, when it was not stopped. */
  judge: (result: LoopResult) => Judged;
}

/** Walks the rounds of a loop that is under way in a child orchestration, which divides them among others where they are many. */
export function startRounds(walk: Walk, block: Block, name: string, rounds: Rounds): void {
  const { actions, prepare } = rounds;
  const { frame } = block;
  const stop = (): Stop | undefined => rounds.stopped?.() ?? stopOf(walk, block);
  walk.startChild({
    orchestration: orchestrations.cloudFlowLoop,
    instance: walk.idOfPart(name, frame),
    shown: frame.loops.length === 0,
    unwanted: () => stop() !== undefined,
    abandon: () => end(walk, block, name, { status: 'Cancelled' }),
    ...(prepare ? { prepare } : {}),
    input: () => {
      const input = rounds.input();
      const asked = input.until?.expression;
      return walk.sealing.seal<LoopInput>({
        facts: factsFor(walk.facts, [actions, asked]),
        path: inside(block, name),
        name,
        actions,
        ...input,
        first: 0,
        loops: frame.loops,
        outcomes: mapped(outcomesFor(walk.facts, actions, frame.outcomes, asked), portable),
        variables: { ...walk.variables.values },
        shown: frame.loops.length === 0,
        tell: walk.tell,
      });
    },
    ended: (task) => {
      const result = resultOf<LoopResult>(task, walk.sealing);
      if ('broken' in result) return end(walk, block, name, { status: 'Failed', error: result.broken });
      walk.variables.applyAll(result.changes);
      walk.response = result.response ?? walk.response;
      if (result.stop?.kind === 'terminated') walk.stop ??= result.stop;
      const stopped = stop();
      const judged = stopped ? judgeBlock({}, {}, stopped) : rounds.judge(result);
      return end(walk, block, name, { ...judged, iterations: result.counts });
    },
  });
}
