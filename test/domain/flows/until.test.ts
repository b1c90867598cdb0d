import { isTimeUp, judgeUntil, type UntilEnd } from '../../../domain/flows/until';

const limit = { count: 5, timeout: 'PT1H' };
const last = (status: 'Succeeded' | 'Failed' | 'TimedOut' | 'Cancelled') => ({ round: 4, status });

test.each<[string, UntilEnd, boolean, object]>([
  [
    'true after a round that succeeded',
    { because: 'true', last: last('Succeeded') },
    true,
    { status: 'Succeeded' },
  ],
  [
    'true after a round that failed',
    { because: 'true', last: last('Failed') },
    false,
    { status: 'Failed', error: { code: 'ActionFailed', details: 'the last round [4]: Failed' } },
  ],
  ['its number of rounds', { last: last('Succeeded') }, false, { status: 'Succeeded' }],
  ['its time', { because: 'timeout', last: last('Succeeded') }, false, { status: 'Succeeded' }],
  [
    'its number, which it shall not reach',
    { last: last('Succeeded') },
    true,
    { status: 'Failed', error: { code: 'LoopLimitReached', details: '5 rounds' } },
  ],
  [
    'its time, which it shall not reach',
    { because: 'timeout', last: last('Succeeded') },
    true,
    { status: 'Failed', error: { code: 'LoopLimitReached', details: 'timeout PT1H' } },
  ],
  ['a round that timed out', { last: last('TimedOut') }, false, { status: 'Failed' }],
  ['a round that was cancelled', { last: last('Cancelled') }, false, { status: 'Cancelled' }],
])('A5: an Until that ends by %s', (_what, end, strict, expected) => {
  const options = strict ? ({ operationOptions: 'FailWhenLimitsReached' } as const) : {};
  expect(judgeUntil({ limit, ...options }, end)).toMatchObject(expected);
});

test.each([
  [0, 2_000, false],
  [1, 999, false],
  [1, 1_000, true],
])('A5: round %i at %i ms: the time is up: %s', (round, nowMs, expected) => {
  expect(isTimeUp({ expression: '@false', untilMs: 1_000 }, round, nowMs)).toBe(expected);
});
