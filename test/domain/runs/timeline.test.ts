import type { TimelineEntry } from '../../../contracts/runs';
import { withEntry } from '../../../domain/runs/timeline';
import { presenceNumber, readPresenceNumber } from '../../../domain/runs/presence-number';

const at = '2026-01-05T08:00:00.000Z';

test('F10: a long story keeps its beginning and its end, and counts what is left out', () => {
  let timeline: TimelineEntry[] = [];
  for (let n = 0; n < 100; n++)
    timeline = withEntry(timeline, { at, what: `entry ${n}`, reason: 'x'.repeat(500) });
  expect(timeline).toHaveLength(20);
  expect(timeline[0]?.what).toBe('entry 0');
  expect(timeline.at(-1)?.what).toBe('entry 99');
  const [gap, ...more] = timeline.filter(({ what }) => what === 'left out');
  expect(more).toEqual([]);
  expect(gap?.reason).toBe(String(100 - 19));
  expect(JSON.stringify(timeline).length).toBeLessThan(6_000);
});

test('a short story is kept whole', () => {
  const first = withEntry([], { at, what: 'queued', actor: 'ann' });
  expect(withEntry(first, { at, what: 'started' })).toEqual([
    { at, what: 'queued', actor: 'ann' },
    { at, what: 'started' },
  ]);
});

test('presence numbers rise with registration, then sequence', () => {
  expect(presenceNumber(2, 1)).toBeGreaterThan(presenceNumber(1, 2 ** 39));
  expect(readPresenceNumber(presenceNumber(7, 12))).toEqual({ epoch: 7, seq: 12 });
});
