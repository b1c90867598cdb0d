import type { FlowAction, FlowActions } from '../../contracts/flow-definition/control-actions';
import { blocksOf, isLoop } from './action-tree';

/** What one orchestration walks, so that no history passes 500 events: about this many actions that wait for something. */
export const LARGEST_SEGMENT = 20;

/** A block inside an action that weighs more than this is walked by an orchestration of its own. */
const LARGEST_INLINE_BLOCK = 9;

/** A child orchestration: its start, its end, what it tells in between. */
const CHILD = 2;

/** How many events an action may bring into the history that it is walked in, in units of about twenty. */
export function weightOf(action: FlowAction): number {
  if (isLoop(action) || isApart(action)) return CHILD;
  return 1 + innerWeight(action);
}

/** Weight of a whole block. */
export function weightOfBlock(actions: FlowActions): number {
  return Object.values(actions).reduce((sum, action) => sum + weightOf(action), 0);
}

/** Whether the block that this action walks gets an orchestration of its own. */
export function isApart(action: FlowAction): boolean {
  return !isLoop(action) && innerWeight(action) > LARGEST_INLINE_BLOCK;
}

/** Of the branches of a condition only one is walked. */
function innerWeight(action: FlowAction): number {
  return Math.max(0, ...blocksOf(action).map(({ actions }) => weightOfBlock(actions)));
}

export interface Segment {
  names: string[];
  /** Actions of which others want to hear before the whole segment has ended. */
  early: string[];
}

/** A block whose actions have ended, are under way (neither ended nor waiting), or wait. */
export interface BlockState {
  ready: readonly string[];
  waiting: ReadonlySet<string>;
  ended: (name: string) => boolean;
}

/**
 * Divides what can start now into segments. A segment holds actions that are ready and those that wait for nothing but actions in the
 * same segment, so that none waits for another segment. Small ones are put together.
 */
export function nextSegments(actions: FlowActions, state: BlockState): Segment[] {
  const dependents = dependentsOf(actions);
  const taken = new Set<string>();
  const segments: { names: string[]; weight: number }[] = [];
  for (const first of state.ready) {
    const grown = grow(actions, { ...state, dependents, taken, first });
    const last = segments.at(-1);
    if (last && last.weight + grown.weight <= LARGEST_SEGMENT) {
      last.names.push(...grown.names);
      last.weight += grown.weight;
    } else segments.push(grown);
  }
  return segments.map(({ names }) => ({
    names,
    early: earlyOnes(actions, state.waiting, names, dependents),
  }));
}

interface Growing extends BlockState {
  dependents: ReadonlyMap<string, string[]>;
  taken: Set<string>;
  first: string;
}

function grow(actions: FlowActions, growing: Growing): { names: string[]; weight: number } {
  const { dependents, taken, first, waiting, ended } = growing;
  const names = [first];
  const members = new Set(names);
  taken.add(first);
  let weight = weightAt(actions, first);
  for (const name of names) {
    for (const next of dependents.get(name) ?? []) {
      const before = Object.keys(actions[next]?.runAfter ?? {});
      const fits = weight + weightAt(actions, next) <= LARGEST_SEGMENT;
      if (!fits || taken.has(next) || !waiting.has(next)) continue;
      if (!before.every((each) => members.has(each) || ended(each))) continue;
      names.push(next);
      members.add(next);
      taken.add(next);
      weight += weightAt(actions, next);
    }
  }
  return { names, weight };
}

function dependentsOf(actions: FlowActions): Map<string, string[]> {
  const dependents = new Map<string, string[]>();
  for (const [name, action] of Object.entries(actions)) {
    for (const before of Object.keys(action.runAfter ?? {})) {
      const known = dependents.get(before);
      if (known) known.push(name);
      else dependents.set(before, [name]);
    }
  }
  return dependents;
}

/** Nobody needs to be told early of an action when all that wait for it wait for every end of the segment too. */
function earlyOnes(
  actions: FlowActions,
  waiting: ReadonlySet<string>,
  names: readonly string[],
  dependents: ReadonlyMap<string, string[]>,
): string[] {
  const members = new Set(names);
  const ends = names.filter((name) => !dependents.get(name)?.some((next) => members.has(next)));
  return names.filter((name) =>
    dependents.get(name)?.some((other) => {
      if (members.has(other) || !waiting.has(other)) return false;
      const before = new Set(Object.keys(actions[other]?.runAfter ?? {}));
      return !ends.every((end) => before.has(end));
    }),
  );
}

function weightAt(actions: FlowActions, name: string): number {
  const action = actions[name];
  return action ? weightOf(action) : 0;
}
