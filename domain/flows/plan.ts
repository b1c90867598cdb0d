import type { FlowAction } from '../../contracts/flow-definition/control-actions';
import type { ActionStatus, CloudRunState } from '../../contracts/runs';
import { pointer, type DefinitionProblem } from './definition-path';

export type Actions = Readonly<Record<string, FlowAction>>;
export type Outcomes = Readonly<Record<string, ActionStatus>>;

/** Names of the actions in an order in which each comes after those it waits for; the definition's own order otherwise. */
export function inOrder(actions: Actions): string[] {
  const ordered: string[] = [];
  const visited = new Set<string>();
  const visit = (name: string): void => {
    const action = actions[name];
    if (!action || visited.has(name)) return;
    visited.add(name);
    for (const before of Object.keys(action.runAfter ?? {})) visit(before);
    ordered.push(name);
  };
  for (const name of Object.keys(actions)) visit(name);
  return ordered;
}

/**
 * Problems of `runAfter` that would keep an action of the block waiting for ever: unknown names and circles. The actions may be
 * as they were written; `path` is that of the block.
 */
export function planProblems(
  actions: Readonly<Record<string, { readonly runAfter?: unknown }>>,
  path: readonly string[] = ['actions'],
): DefinitionProblem[] {
  const before = (name: string): string[] => Object.keys(actions[name]?.runAfter ?? {});
  const unknown = Object.keys(actions).flatMap((name) =>
    before(name)
      .filter((other) => !Object.hasOwn(actions, other))
      .map((other) => ({
        path: pointer([...path, name, 'runAfter', other]),
        message: `names "${other}", which is not in the same block`,
      })),
  );
  const state = new Map<string, 'open' | 'done'>();
  const circles: DefinitionProblem[] = [];
  const visit = (name: string, way: string[]): void => {
    if (state.get(name) === 'done') return;
    const from = way.at(-1);
    if (state.get(name) === 'open' && from !== undefined) {
      const circle = [...way.slice(way.indexOf(name)), name].join(' → ');
      circles.push({
        path: pointer([...path, from, 'runAfter', name]),
        message: `makes actions wait for each other in a circle: ${circle}`,
      });
      return;
    }
    state.set(name, 'open');
    for (const other of before(name)) visit(other, [...way, name]);
    state.set(name, 'done');
  };
  for (const name of Object.keys(actions)) visit(name, []);
  return [...unknown, ...circles];
}

/** Whether two actions can be open at the same time: whether the order is anything but one chain. */
export function hasParallelBranches(actions: Actions): boolean {
  const ordered = inOrder(actions);
  return ordered.some((name, index) => {
    const before = ordered[index - 1];
    return before !== undefined && !Object.hasOwn(actions[name]?.runAfter ?? {}, before);
  });
}

/** `runAfter`: start when all it waits for ended as wanted, skip when one ended otherwise, else wait. */
export function readiness(action: FlowAction, outcomes: Outcomes): 'start' | 'skip' | 'wait' {
  const conditions = Object.entries(action.runAfter ?? {});
  const ended = conditions.every(([name]) => {
    const status = outcomes[name]?.status;
    return status !== undefined && status !== 'Running';
  });
  if (!ended) return 'wait';
  const met = conditions.every(([name, wanted]) =>
    wanted.some((status) => status === outcomes[name]?.status),
  );
  return met ? 'start' : 'skip';
}

type EndState = Extract<CloudRunState, 'Succeeded' | 'Failed' | 'Cancelled' | 'TimedOut'>;
const WORST_FIRST: EndState[] = ['Failed', 'TimedOut', 'Cancelled'];

/**
 * How the whole run ended: by the last actions of its branches; behind one that was skipped stand those that made it be
 * skipped. So a failure that a later action was there to handle does not fail the run.
 */
export function judgeFlow(actions: Actions, outcomes: Outcomes): { state: EndState; culprit?: string } {
  const waitedFor = new Set(Object.values(actions).flatMap((action) => Object.keys(action.runAfter ?? {})));
  const ends = new Set<string>();
  const follow = (name: string): void => {
    if (outcomes[name]?.status !== 'Skipped') ends.add(name);
    else for (const before of Object.keys(actions[name]?.runAfter ?? {})) follow(before);
  };
  for (const name of Object.keys(actions)) if (!waitedFor.has(name)) follow(name);
  for (const state of WORST_FIRST) {
    const culprit = [...ends].find((name) => outcomes[name]?.status === state);
    if (culprit) return { state, culprit };
  }
  return { state: 'Succeeded' };
}
