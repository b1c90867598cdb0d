import type { Task } from 'durable-functions';
import type { FlowActions } from '../contracts/flow-definition/control-actions';
import type { LoopValue } from '../domain/expressions/scope';
import { portable, type Outcome, type Outcomes, type Stop } from '../domain/flows/outcome';
import { factsFor, outcomesFor, type RunFacts } from '../domain/flows/run-facts';
import { nextSegments, type Segment } from '../domain/flows/segments';
import type { VariableChanges } from '../domain/flows/variables';
import { end, inside, judgeBlock, resultOf, running, skip } from './end-action';
import { orchestrations } from './names';
import { stopOf, type Block, type FlowResponse, type Walk } from './walk';

/** Input of `cloud-flow-part`. */
export interface PartInput {
  facts: RunFacts;
  path: string;
  actions: FlowActions;
  loops: readonly LoopValue[];
  /** What is known of actions outside that these wait for or read. */
  outcomes: Outcomes;
  variables: Readonly<Record<string, unknown>>;
  /** Actions whose inputs and outputs others read later. */
  wanted: string[];
  /** Actions of which the parent hears before the part has ended. */
  early: string[];
  tell?: string | undefined;
}

export interface PartResult {
  outcomes: Outcomes;
  /** Changed variables: first those that were told early, by their number, then the rest. */
  batches: VariableChanges[];
  stop?: Stop | undefined;
  response?: FlowResponse | undefined;
}

/** Children and early words that one history has room for. */
const MOST_SEGMENTS = 36;

/**
 * Starts what is ready of a divided block, in segments. A history that has had its share of them lets what is open end, and
 * gives all that is left to one child, which divides it anew.
 * @returns whether anything was started.
 */
export function startSegments(walk: Walk, block: Block, ready: readonly string[]): boolean {
  if (walk.spent >= MOST_SEGMENTS) {
    if (walk.children.count > 0 || walk.starting.length > 0) return false;
    startSegment(walk, block, { names: [...block.waiting], early: [] });
    return true;
  }
  const { actions, waiting, open } = block;
  const segments = nextSegments(actions, {
    ready,
    waiting,
    ended: (name) => !waiting.has(name) && !open.has(name),
  });
  for (const segment of segments) startSegment(walk, block, segment);
  return true;
}

function startSegment(walk: Walk, block: Block, { names, early }: Segment): void {
  walk.spent += 1 + early.length;
  for (const name of names) {
    block.waiting.delete(name);
    block.open.add(name);
  }
  startPart(walk, block, {
    instance: walk.idOfSegment(names[0] ?? '', block.frame),
    path: block.path,
    actions: Object.fromEntries(
      names.flatMap((name) => (block.actions[name] ? [[name, block.actions[name]]] : [])),
    ),
    early,
    unwanted: () => stopOf(walk, block) !== undefined,
    ended: (broken) => {
      for (const name of names) {
        const known = block.frame.outcomes[name];
        if (known && known.status !== 'Running') block.open.delete(name);
        else if (broken) end(walk, block, name, broken);
        else skip(walk, block, name, 'Cancelled');
        block.open.delete(name);
      }
    },
  });
}

/** Walks the inside of a scope or branch in a child orchestration. */
export function startApart(
  walk: Walk,
  block: Block,
  { name, actions, untilMs }: { name: string; actions: FlowActions; untilMs: number | undefined },
): void {
  running(walk, block, name);
  let stop: Stop | undefined;
  if (untilMs !== undefined) {
    walk.tell = walk.df.instanceId;
    walk.alarms.push({ block, name, untilMs, onStop: false, ring: () => (stop ??= { kind: 'timedOut' }) });
  }
  startPart(walk, block, {
    instance: walk.idOfPart(name, block.frame),
    path: inside(block, name),
    actions,
    early: [],
    unwanted: () => (stop ?? stopOf(walk, block)) !== undefined,
    ended: (broken) => {
      const judged = broken ?? judgeBlock(actions, block.frame.outcomes, stop ?? stopOf(walk, block));
      end(walk, block, name, judged);
    },
  });
}

interface Part {
  instance: string;
  path: string;
  actions: FlowActions;
  early: string[];
  unwanted: () => boolean;
  ended: (broken: (Pick<Outcome, 'status'> & Partial<Outcome>) | undefined) => void;
}

function startPart(walk: Walk, block: Block, part: Part): void {
  const { instance, path, actions, early, unwanted, ended } = part;
  const { frame } = block;
  let applied = 0;
  const apply = (outcomes: Outcomes, batches: VariableChanges[], from: number): void => {
    Object.assign(frame.outcomes, outcomes);
    batches.forEach((changes, index) => {
      if (from + index !== applied) return;
      walk.variables.applyAll(changes);
      applied += 1;
    });
  };
  walk.early.set(instance, ({ outcomes, batch, changes }) => {
    apply(outcomes, [changes], batch);
    for (const name of Object.keys(outcomes)) block.open.delete(name);
  });
  walk.startChild({
    orchestration: orchestrations.cloudFlowPart,
    instance,
    shown: frame.loops.length === 0,
    unwanted,
    abandon: () => ended({ status: 'Cancelled' }),
    input: () =>
      walk.sealing.seal<PartInput>({
        facts: factsFor(walk.facts, actions),
        path,
        actions,
        loops: frame.loops,
        outcomes: mapped(outcomesFor(walk.facts, actions, frame.outcomes), portable),
        variables: { ...walk.variables.values },
        wanted: walk.wantedOf(block, actions),
        early,
        tell: walk.tell,
      }),
    ended: (task: Task) => {
      const result = resultOf<PartResult>(task, walk.sealing);
      if ('broken' in result) return ended({ status: 'Failed', error: result.broken });
      apply(result.outcomes, result.batches, 0);
      walk.response = result.response ?? walk.response;
      if (result.stop?.kind === 'terminated') walk.stop ??= result.stop;
      return ended(undefined);
    },
  });
}

export function mapped(outcomes: Outcomes, change: (outcome: Outcome) => Outcome): Outcomes {
  return Object.fromEntries(Object.entries(outcomes).map(([name, outcome]) => [name, change(outcome)]));
}
