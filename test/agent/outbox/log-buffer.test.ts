import { LogBuffer } from '../../../agent/outbox/log-buffer';
import type { LogLine } from '../../../contracts/agent-protocol';

const lines = (count: number, from = 0): LogLine[] =>
  Array.from({ length: count }, (_, index) => ({
    at: '2026-01-01T00:00:00.000Z',
    stream: 'out' as const,
    text: `line ${from + index}`,
  }));

function takeAll(buffer: LogBuffer) {
  const bodies = [];
  for (let body = buffer.take(); body; body = buffer.take()) bodies.push(body);
  return bodies;
}

test('numbers are without a gap, whatever was left out: a reader waits for missing ones', () => {
  const buffer = new LogBuffer();
  buffer.add(lines(10), 500);
  const first = takeAll(buffer);
  buffer.add(lines(5, 510), 0);
  expect([...first, ...takeAll(buffer)]).toMatchObject([{ first: 0, dropped: 500 }, { first: 10 }]);
});

test('lines that could not be sent in time are counted in a line of their own, before the rest', () => {
  const buffer = new LogBuffer();
  buffer.add(lines(3_000), 0);
  const bodies = takeAll(buffer);
  const texts = bodies.flatMap((body) => body.lines.map(({ text }) => text));
  expect(texts.slice(0, 2)).toEqual([
    '1000 lines were left out here: they could not be sent in time.',
    'line 1000',
  ]);
  expect(texts.at(-1)).toBe('line 2999');
  expect(bodies.reduce((sum, body) => sum + (body.dropped ?? 0), 0)).toBe(1_000);
  let next = 0;
  for (const body of bodies) {
    expect(body.first).toBe(next);
    next += body.lines.length;
  }
});
