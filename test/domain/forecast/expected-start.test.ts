import { expectedDuration, median } from '../../../domain/forecast/durations';
import { expectedStarts } from '../../../domain/forecast/expected-start';
import { queueSnapshot } from '../../../domain/run-queue/snapshot';
import { Queue, queueWith, reportOf } from '../run-queue/support';

const MINUTE = 60_000;

/** Runs of the flow that have taken so long before. */
function past(queue: Queue, flow: string, ...minutes: number[]): void {
  minutes.forEach((duration, index) => {
    const run = `${flow} ${index}`;
    queue.request(run, { flow });
    queue.now += duration * MINUTE;
    queue.tell({ kind: 'release', grant: queue.grant(run), outcome: 'Succeeded', ran: true });
  });
}

/** Expected starts in minutes from now. */
function starts(queue: Queue): Record<string, number> {
  const found = expectedStarts(queueSnapshot(queue.state), queue.now);
  return Object.fromEntries([...found].map(([run, at]) => [run, (at - queue.now) / MINUTE]));
}

describe('F4 L2: expected start', () => {
  test.each([
    [[], undefined],
    [[5], 5],
    [[9, 1], 5],
    [[30, 1, 3], 3],
  ])('the median of %j is %p', (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  test('a flow that never ran is taken as an average one', () => {
    expect(expectedDuration({ a: [10, 20, 30] }, 'b')).toBe(20);
    expect(expectedDuration({}, 'b')).toBeUndefined();
  });

  test('one machine: each after the one before, the running one less what has passed', () => {
    const queue = queueWith('m1');
    past(queue, 'short', 4, 5, 60);
    past(queue, 'long', 20, 20);
    queue.request('running', { flow: 'long' });
    queue.now += 8 * MINUTE;
    queue.request('first', { flow: 'short' });
    queue.request('second', { flow: 'long' });
    queue.request('third', { flow: 'short' });
    expect(starts(queue)).toEqual({ first: 12, second: 17, third: 37 });
  });

  test('only the latest durations count', () => {
    const queue = queueWith('m1');
    past(queue, 'f', ...Array.from({ length: 20 }, () => 60), ...Array.from({ length: 9 }, () => 2));
    expect(queue.state.durations['f']).toEqual(Array.from({ length: 9 }, () => 2 * MINUTE));
  });

  test('a run that has taken longer than usual is expected to end any moment', () => {
    const queue = queueWith('m1');
    past(queue, 'f', 10);
    queue.request('running', { flow: 'f' });
    queue.now += 25 * MINUTE;
    queue.request('next', { flow: 'f' });
    expect(starts(queue)['next']).toBeLessThan(1);
  });

  test('several machines, pins and users', () => {
    const queue = new Queue();
    queue.attach('m1', { report: reportOf({ maxSessions: 2 }) });
    queue.attach('m2');
    past(queue, 'f', 10);
    queue.request('a', { flow: 'f', pinned: 'm1', userKey: 'ann' });
    queue.request('b', { flow: 'f', pinned: 'm1', userKey: 'bob' });
    queue.request('c', { flow: 'f', pinned: 'm2', userKey: 'bob' });
    queue.request('d', { flow: 'f', pinned: 'm2', userKey: 'eve' });
    queue.request('e', { flow: 'f', pinned: 'm2', userKey: 'eve' });
    queue.request('f', { flow: 'f', userKey: 'ann' });
    expect(starts(queue)).toEqual({ d: 10, f: 10, e: 20 });
  });

  test('nothing is promised to a run whose obstacle nobody can time', () => {
    const queue = queueWith('m1', 'm2');
    past(queue, 'f', 10);
    queue.tell({ kind: 'presence', machine: 'm2', epoch: 1, online: false, seq: 1 });
    queue.request('running', { flow: 'f' });
    queue.request('offline', { flow: 'f', pinned: 'm2' });
    queue.request('next', { flow: 'f' });
    expect(starts(queue)).toEqual({ next: 10 });
  });

  test('without any experience there is no forecast', () => {
    const queue = queueWith('m1');
    queue.request('running');
    queue.request('next');
    expect(starts(queue)).toEqual({});
  });

  test('2,000 runs are forecast quickly', () => {
    const queue = queueWith('m1', 'm2');
    queue.tell({ kind: 'settings', settings: { maxEntries: 2_000 }, actor: 'ann' });
    past(queue, 'f', 10);
    for (let i = 0; i < 2_002; i += 1) queue.request(`r${i}`, { flow: 'f' });
    const began = performance.now();
    expect(Object.keys(starts(queue))).toHaveLength(2_000);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
