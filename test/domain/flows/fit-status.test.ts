import { fitActions } from '../../../domain/flows/fit-status';
import type { ActionStatus } from '../../../contracts/runs';

const ended: ActionStatus = {
  status: 'Succeeded',
  startedAt: '2026-01-05T08:00:00.000Z',
  endedAt: '2026-01-05T08:00:01.000Z',
  run: '01HZZZZZZZZZZZZZZZZZZZZZ01-1',
};

test('a few actions stay as they are', () => {
  const actions = { A: { ...ended, outputs: { total: 1 } }, B: ended };
  expect(fitActions(actions)).toEqual(actions);
});

test('the largest outputs go first', () => {
  const actions = { Big: { ...ended, outputs: 'x'.repeat(7_000) }, Small: { ...ended, outputs: 'y' } };
  expect(fitActions(actions)).toEqual({ Big: ended, Small: actions.Small });
});

test.each([60, 200, 2_000])('%d actions fit, with those that run', (count) => {
  const actions: Record<string, ActionStatus> = Object.fromEntries(
    Array.from({ length: count }, (_value, index) => [`Step${index}`, ended]),
  );
  actions['Now'] = { status: 'Running' };
  actions['Bad'] = { status: 'Failed', error: { code: 'Internal', message: 'x'.repeat(4_000) } };
  const fitted = fitActions(actions);
  expect(JSON.stringify(fitted).length).toBeLessThan(7_000);
  expect(fitted).toMatchObject({ Now: { status: 'Running' }, Bad: { status: 'Failed' } });
});
