import type { StoredQueue } from '../../../domain/run-queue/codec';
import { decodeQueue, encodeQueue } from '../../../domain/run-queue/codec';
import type { Queue } from './support';
import { queueWith, requested } from './support';

/** A queue with so many waiting runs, as real ones look: a few users and flows, requests over days. */
function filled(count: number): Queue {
  const queue = queueWith('m-01j8zq4x5yabcdefghjkmnpqrs');
  queue.tell({ kind: 'settings', settings: { maxEntries: 2_000 }, actor: 'ann' });
  for (let i = 0; i <= count; i += 1) {
    queue.now += 77_777;
    const run = `01J8ZQ4X5Y${String(i).padStart(16, '0')}-1`;
    const entry = { ...requested(run, queue.now), deadlineMs: queue.now + 365 * 86_400_000 };
    queue.tell({
      kind: 'request',
      entry: {
        ...entry,
        userKey: `S-1-5-21-3623811015-3361044348-30300820-10${i % 10}`,
        flow: `flow-${i % 5}`,
        requestedBy: `user${i % 10}@example.com`,
      },
    });
  }
  queue.tell({ kind: 'confirm', upTo: queue.state.lastEffect });
  return queue;
}

function textOf(queue: Queue): string {
  return JSON.stringify(encodeQueue(queue.state));
}

test('F8: a waiting run takes at most 64 bytes in the stored queue', () => {
  const [few, many] = [filled(100), filled(1_100)].map(textOf);
  expect(((many?.length ?? 0) - (few?.length ?? 0)) / 1_000).toBeLessThanOrEqual(64);
});

test('stored and read again the queue is the same', () => {
  const queue = filled(20);
  queue.tell({ kind: 'moveToTop', run: queue.waiting[7] ?? '', actor: 'ann' });
  const run = queue.running[0] ?? '';
  queue.giveBack(run);
  queue.request('other', { owner: 'somebody', pinned: 'm9', whenSessionBlocked: 'wait', priority: 'low' });
  queue.tell({ kind: 'stopping', grant: queue.grant(queue.running[0] ?? '') });
  const read = decodeQueue(JSON.parse(textOf(queue)) as StoredQueue);
  expect(read).toEqual(queue.state);
  expect(JSON.stringify(encodeQueue(read))).toBe(textOf(queue));
});

test('runs that are alike share one stored class', () => {
  expect(encodeQueue(filled(500).state).classes).toHaveLength(10);
});
