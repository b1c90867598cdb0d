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

/** Expected starts in minutes from now, or why they are unknown. */
function starts(queue: Queue, bots?: number, ...others: Queue[]): Record<string, number | string> {
  const shared = bots === undefined ? undefined : { bots, others: others.map((o) => queueSnapshot(o.state)) };
  const found = expectedStarts(queueSnapshot(queue.state), queue.now, shared);
  return Object.fromEntries(
    [...found].map(([run, expected]) => [
      run,
      'startMs' in expected ? (expected.startMs - queue.now) / MINUTE : expected.unknown,
    ]),
  );
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
    expect(Number(starts(queue)['next'])).toBeLessThan(1);
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
    expect(starts(queue)).toEqual({ next: 10, offline: 'obstacle' });
    queue.tell({ kind: 'settings', settings: { strictOrder: true }, actor: 'ann' });
    expect(starts(queue)).toEqual({ next: 'order', offline: 'obstacle' });
  });

  test('a run that a machine gave back is asked again after its pause', () => {
    const queue = queueWith('m1');
    queue.request('run');
    queue.giveBack('run');
    expect(starts(queue)).toEqual({ run: 0.5 });
  });

  test('what waits for a paused run has no known start', () => {
    const queue = queueWith('m1');
    past(queue, 'f', 10);
    queue.request('running', { flow: 'f' });
    queue.request('next', { flow: 'f' });
    queue.tell({ kind: 'paused', grant: queue.grant('running'), paused: true });
    expect(starts(queue)).toEqual({ next: 'duration' });
  });

  test('without any experience there is no forecast', () => {
    const queue = queueWith('m1');
    queue.request('running');
    queue.request('next');
    expect(starts(queue)).toEqual({ next: 'duration' });
  });

  describe('H1: bots that are shared with other queues', () => {
    let here: Queue;
    let there: Queue;
    const limit = (queue: Queue) =>
      queue.tell({ kind: 'settings', settings: { limitedBots: true }, actor: 'ann' });
    beforeEach(() => {
      here = queueWith('m1', 'm2');
      there = queueWith('m3');
      for (const queue of [here, there]) past(queue, 'f', 10);
      there.now = here.now;
    });

    test('a run waits for the end of the run elsewhere that has the bot, less what has passed', () => {
      there.request('elsewhere', { flow: 'f' });
      for (const queue of [here, there]) queue.now += 4 * MINUTE;
      limit(here);
      here.request('a', { flow: 'f' });
      here.request('b', { flow: 'f' });
      expect(starts(here, 1, there)).toEqual({ a: 6, b: 16 });
      expect(starts(here, 2, there)).toEqual({ a: 0, b: 6 });
    });

    test('bots go by priority and time requested over all queues; attended runs need none', () => {
      there.request('elsewhere', { flow: 'f' });
      for (const queue of [here, there]) limit(queue);
      there.now = here.now += 4 * MINUTE;
      here.request('a', { flow: 'f', priority: 'low' });
      here.request('c', { flow: 'f', mode: 'attended', priority: 'low', pinned: 'm2' });
      there.request('b', { flow: 'f' });
      expect(starts(here, 1, there)).toEqual({ a: 16 });
      expect(here.running).toEqual(['c']);
    });

    test('without any bot, or where nobody knows how long the run has it, there is no known start', () => {
      limit(here);
      here.request('a', { flow: 'f' });
      expect(starts(here, 0)).toEqual({ a: 'bots' });
      const unknown = queueWith('m4');
      unknown.request('first of its kind');
      expect(starts(here, 1, unknown)).toEqual({ a: 'bots' });
    });
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
