import type { FlowAction } from '../../../contracts/flow-definition/control-actions';
import { durationMs } from '../../../domain/flows/duration';
import { hasParallelBranches, inOrder, judgeFlow, planProblems, readiness } from '../../../domain/flows/plan';
import type { Outcomes } from '../../../domain/flows/plan';

type Status = 'Succeeded' | 'Failed' | 'Skipped' | 'TimedOut';

function action(runAfter?: Record<string, Status[]>): FlowAction {
  return { type: 'Compose', inputs: null, ...(runAfter ? { runAfter } : {}) };
}

function outcomes(statuses: Record<string, Outcomes[string]['status']>): Outcomes {
  return Object.fromEntries(Object.entries(statuses).map(([name, status]) => [name, { status }]));
}

const ok: Status[] = ['Succeeded'];

test('actions come after those they wait for', () => {
  const actions = { C: action({ B: ok }), B: action({ A: ok }), A: action(), D: action() };
  expect(inOrder(actions)).toEqual(['A', 'B', 'C', 'D']);
});

test('a chain has no parallel branches, a fork has', () => {
  expect(hasParallelBranches({ A: action(), B: action({ A: ok }), C: action({ B: ok }) })).toBe(false);
  expect(hasParallelBranches({ A: action(), B: action({ A: ok }), C: action({ A: ok }) })).toBe(true);
  expect(hasParallelBranches({ A: action(), B: action() })).toBe(true);
});

test('A5: unknown names and circles are found, with their paths', () => {
  expect(planProblems({ A: action({ X: ok }) })).toEqual([
    { path: '/actions/A/runAfter/X', message: expect.stringContaining('"X"') },
  ]);
  expect(planProblems({ A: action({ B: ok }), B: action({ A: ok }) })).toEqual([
    { path: '/actions/B/runAfter/A', message: expect.stringContaining('A → B → A') },
  ]);
  expect(planProblems({ A: action({ A: ok }) })).toHaveLength(1);
  expect(planProblems({ A: action(), B: action({ A: ok }) })).toEqual([]);
});

test.each([
  [{}, 'wait'],
  [{ A: 'Running' as const }, 'wait'],
  [{ A: 'Succeeded' as const }, 'start'],
  [{ A: 'Failed' as const }, 'skip'],
  [{ A: 'Skipped' as const }, 'skip'],
  [{ A: 'Cancelled' as const }, 'skip'],
])('an action that waits for the success of A, given %j: %s', (given, expected) => {
  expect(readiness(action({ A: ok }), outcomes(given))).toBe(expected);
});

test('all conditions count', () => {
  const both = action({ A: ok, B: ['Failed', 'TimedOut'] });
  expect(readiness(both, outcomes({ A: 'Succeeded' }))).toBe('wait');
  expect(readiness(both, outcomes({ A: 'Succeeded', B: 'TimedOut' }))).toBe('start');
  expect(readiness(both, outcomes({ A: 'Succeeded', B: 'Succeeded' }))).toBe('skip');
});

describe('how the run ended', () => {
  const actions = { A: action(), B: action({ A: ok }), Handler: action({ A: ['Failed'] }) };
  test.each([
    [{ A: 'Succeeded', B: 'Succeeded', Handler: 'Skipped' }, { state: 'Succeeded' }],
    [
      { A: 'Failed', B: 'Skipped', Handler: 'Succeeded' },
      { state: 'Failed', culprit: 'A' },
    ],
    [
      { A: 'Succeeded', B: 'TimedOut', Handler: 'Skipped' },
      { state: 'TimedOut', culprit: 'B' },
    ],
    [
      { A: 'Cancelled', B: 'Skipped', Handler: 'Skipped' },
      { state: 'Cancelled', culprit: 'A' },
    ],
  ] as const)('%j', (given, expected) => {
    expect(judgeFlow(actions, outcomes(given))).toEqual(expected);
  });

  test('a failure whose only successor handled it', () => {
    const handled = { A: action(), Handler: action({ A: ['Failed'] }) };
    expect(judgeFlow(handled, outcomes({ A: 'Failed', Handler: 'Succeeded' }))).toEqual({
      state: 'Succeeded',
    });
  });
});

test.each([
  ['PT3H', 10_800_000],
  ['P1DT1M', 86_460_000],
  ['P2W', 1_209_600_000],
  ['PT0.5S', 500],
])('%s', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test('a duration that is none is refused', () => {
  expect(() => durationMs('3 hours')).toThrow(RangeError);
});
