import type { GrantRef } from '../../../domain/run-queue/messages';
import { needsWatch } from '../../../domain/run-queue/state';
import { HOUR, Queue, joining, queueWith, requested } from './support';

/** The rules of the run protocol as far as the queue keeps them; the others are the orchestrations' and the agent's. */
describe('rules of the run protocol', () => {
  test('rule 1: withdraw after a faster grant answers the grant and changes nothing', () => {
    const queue = queueWith('m1');
    queue.request('a');
    queue.now += 3 * HOUR;
    expect(queue.tell({ kind: 'withdraw', run: 'a' })).toMatchObject({
      kind: 'granted',
      grant: { run: 'a' },
    });
    expect(queue.running).toEqual(['a']);
    queue.release('a');
    expect(queue.tell({ kind: 'withdraw', run: 'a' })).toEqual({ kind: 'unknown' });
  });

  test('rule 1, F7: past its deadline a run is granted nothing, and a return is answered expired', () => {
    const queue = queueWith('m1');
    queue.request('a');
    queue.request('b');
    queue.now += 3 * HOUR;
    expect(queue.giveBack('a', 'no answer')).toMatchObject({
      kind: 'expired',
      waitReason: { why: 'refused', machine: 'm1', reason: 'no answer' },
    });
    expect(queue.running).toEqual([]);
    expect(queue.tell({ kind: 'withdraw', run: 'b' })).toMatchObject({ kind: 'removed' });
    expect(queue.request('late', { requestedMs: 0, deadlineMs: queue.now })).toEqual({
      kind: 'expired',
      waitReason: undefined,
    });
  });

  test('rule 4: an ended owner keeps the machine until the agent has reported', () => {
    const queue = queueWith('m1');
    queue.request('a');
    queue.request('b');
    const grant = queue.grant('a');
    expect(queue.tell({ kind: 'stopping', grant })).toEqual({ kind: 'ok' });
    expect(queue.tell({ kind: 'stopping', grant })).toEqual({ kind: 'ok' });
    expect(queue.running).toEqual(['a']);
    expect(queue.effects('stop')).toMatchObject([{ owner: 'a', grant, reason: 'orphaned' }]);
    queue.tell({ kind: 'release', grant, outcome: 'Stopped' });
    expect(queue.running).toEqual(['b']);
  });

  test('rule 4, H3: or until it has been silent for three hours', () => {
    const queue = queueWith('m1');
    queue.request('a');
    queue.request('b', { deadlineMs: queue.now + 9 * HOUR });
    const silent = () => ({ kind: 'reconcile' as const, ended: [], silentBeforeMs: queue.now - 3 * HOUR });
    queue.tell({ ...silent(), ended: [queue.grant('a')] });
    queue.now += 3 * HOUR;
    queue.tell({ ...silent(), ended: [queue.grant('a')] });
    expect(queue.running).toEqual(['a']);
    queue.now += 1;
    queue.tell(silent());
    expect(queue.running).toEqual(['b']);
  });

  test('rule 4: reconcile releases nothing whose owner lives', () => {
    const queue = queueWith('m1');
    queue.request('a');
    queue.now += 30 * HOUR;
    queue.tell({ kind: 'reconcile', ended: [], silentBeforeMs: queue.now });
    expect(queue.running).toEqual(['a']);
  });

  const wrong: [string, (grant: GrantRef) => GrantRef][] = [
    ['run', (grant) => ({ ...grant, run: 'b' })],
    ['machine', (grant) => ({ ...grant, machine: 'm2' })],
    ['epoch', (grant) => ({ ...grant, fence: { ...grant.fence, epoch: 2 } })],
    ['number', (grant) => ({ ...grant, fence: { ...grant.fence, n: grant.fence.n + 1 } })],
  ];
  test.each(wrong)('rule 6: return, release and stopping with another %s are stale', (_what, change) => {
    const queue = queueWith('m1');
    queue.request('a');
    const grant = change(queue.grant('a'));
    expect(queue.tell({ kind: 'return', grant, reason: '' })).toEqual({ kind: 'stale' });
    expect(queue.tell({ kind: 'release', grant, outcome: '' })).toEqual({ kind: 'stale' });
    expect(queue.tell({ kind: 'stopping', grant })).toEqual({ kind: 'stale' });
    expect(queue.running).toEqual(['a']);
  });

  test('rule 6: a repeated release does not end the next grant of the machine', () => {
    const queue = queueWith('m1');
    queue.request('a');
    const grant = queue.grant('a');
    queue.request('b');
    queue.tell({ kind: 'release', grant, outcome: 'Succeeded' });
    expect(queue.tell({ kind: 'release', grant, outcome: 'Succeeded' })).toEqual({ kind: 'stale' });
    expect(queue.running).toEqual(['b']);
  });

  test('rule 7: the queue is to be watched while it holds grants, undelivered effects or a pausing run', () => {
    const queue = queueWith('m1');
    expect(needsWatch(queue.state)).toBe(true);
    const deliver = () => queue.tell({ kind: 'confirm', upTo: queue.state.lastEffect });
    deliver();
    expect(needsWatch(queue.state)).toBe(false);
    queue.request('a');
    deliver();
    expect(needsWatch(queue.state)).toBe(true);
    queue.giveBack('a');
    deliver();
    expect(needsWatch(queue.state)).toBe(true);
    queue.tell({ kind: 'withdraw', run: 'a' });
    deliver();
    expect(needsWatch(queue.state)).toBe(false);
  });

  test('rule 8: moves are numbered; older ones are ignored, repeated ones change nothing', () => {
    const queue = queueWith('m1');
    const machine = 'm1';
    expect(queue.tell({ kind: 'detach', move: 2, machine })).toMatchObject({ kind: 'detached', busy: 0 });
    expect(queue.tell({ kind: 'detach', move: 1, machine })).toEqual({ kind: 'old' });
    expect(queue.attach('m1', {}, 1)).toEqual({ kind: 'old' });
    expect(queue.request('a')).toEqual({ kind: 'queued' });
    const forget = { kind: 'forget', move: 2, machine, target: 'group' } as const;
    expect(queue.tell(forget)).toEqual({ kind: 'ok' });
    expect(queue.tell(forget)).toEqual({ kind: 'ok' });
    expect(queue.attach('m1', {}, 2)).toEqual({ kind: 'old' });
    expect(queue.running).toEqual([]);
    expect(queue.attach('m1', {}, 3)).toEqual({ kind: 'ok' });
    expect(queue.running).toEqual(['a']);
    expect(queue.tell({ kind: 'detach', move: 2, machine })).toEqual({ kind: 'old' });
  });

  test('rule 8: forget acts only on a detached machine that nothing holds', () => {
    const queue = queueWith('m1');
    queue.request('a');
    const forget = { kind: 'forget', move: 2, machine: 'm1', target: 'group' } as const;
    expect(queue.tell(forget)).toEqual({ kind: 'old' });
    expect(queue.tell({ kind: 'detach', move: 2, machine: 'm1' })).toMatchObject({
      kind: 'detached',
      busy: 1,
    });
    expect(queue.tell(forget)).toMatchObject({ kind: 'detached', busy: 1 });
    queue.release('a');
    expect(queue.tell(forget)).toEqual({ kind: 'ok' });
    expect(queue.state.machines).toEqual([]);
  });

  test('rule 8: a detached machine is granted nothing more, and comes back by a later move', () => {
    const queue = queueWith('m1');
    queue.tell({ kind: 'detach', move: 2, machine: 'm1' });
    queue.request('a');
    expect(queue.running).toEqual([]);
    queue.attach('m1', {}, 3);
    expect(queue.running).toEqual(['a']);
  });

  test('rule 9: runs pinned to a machine that has moved are told where, as are later requests', () => {
    const queue = queueWith('m1', 'm2');
    queue.tell({ kind: 'detach', move: 2, machine: 'm1' });
    queue.tell({ kind: 'machineMaintenance', machine: 'm2', on: true, actor: 'ann' });
    queue.request('pinned', { pinned: 'm1', owner: 'owner' });
    queue.request('free');
    queue.tell({ kind: 'forget', move: 2, machine: 'm1', target: 'group' });
    expect(queue.waiting).toEqual(['free']);
    expect(queue.effects('moved')).toMatchObject([{ owner: 'owner', target: 'group', move: 2 }]);
    expect(queue.request('pinned', { pinned: 'm1' })).toEqual({ kind: 'moved', target: 'group', move: 2 });
  });

  test('rule 9, H2: a run keeps request time, deadline and place over a move', () => {
    const target = queueWith('m2');
    target.request('running');
    target.request('later', { requestedMs: 500 });
    const entry = { ...requested('moved', 400), deadlineMs: 400 + 3 * HOUR };
    target.tell({ kind: 'request', entry, again: true });
    expect(target.state.entries).toMatchObject([
      { run: 'moved', requestedMs: 400, deadlineMs: 400 + 3 * HOUR },
      { run: 'later' },
    ]);
  });

  test('rule 11: presence counts by its number, and moves with the machine', () => {
    const queue = queueWith('m1');
    const presence = { kind: 'presence', machine: 'm1', epoch: 1 } as const;
    expect(queue.tell({ ...presence, online: false, seq: 5 })).toEqual({ kind: 'ok' });
    expect(queue.tell({ ...presence, online: true, seq: 4 })).toEqual({ kind: 'old' });
    expect(queue.request('a')).toEqual({ kind: 'queued' });
    expect(queue.tell({ kind: 'detach', move: 2, machine: 'm1' })).toMatchObject({
      online: false,
      presenceSeq: 5,
    });
    const target = new Queue();
    target.request('b');
    target.attach('m1', { online: false, presenceSeq: 5 }, 2);
    expect(target.running).toEqual([]);
    expect(target.tell({ ...presence, online: true, seq: 4 })).toEqual({ kind: 'old' });
    expect(target.tell({ ...presence, online: true, seq: 6 })).toEqual({ kind: 'ok' });
    expect(target.running).toEqual(['b']);
  });

  test('L4: the fence grows over queues: the machine brings its last number', () => {
    const queue = queueWith('m1');
    for (const run of ['a', 'b', 'c']) {
      queue.request(run);
      queue.release(run);
    }
    expect(queue.tell({ kind: 'detach', move: 2, machine: 'm1' })).toMatchObject({ lastN: 3 });
    const target = new Queue();
    target.attach('m1', { lastN: 3 }, 2);
    expect(target.request('d')).toMatchObject({ grant: { fence: { epoch: 1, n: 4 } } });
  });

  test('L4: a machine that registers anew keeps its former runs until they are over; its grants carry the new epoch', () => {
    const queue = queueWith('m1');
    queue.request('a');
    queue.request('b');
    const former = queue.grant('a');
    queue.tell({ kind: 'presence', machine: 'm1', epoch: 2, online: true, seq: 1 });
    expect(queue.running).toEqual(['a']);
    expect(queue.effects('stop')).toMatchObject([{ grant: former, reason: 'orphaned' }]);
    expect(queue.tell({ kind: 'presence', machine: 'm1', epoch: 1, online: false, seq: 99 })).toEqual({
      kind: 'old',
    });
    queue.tell({ kind: 'release', grant: former, outcome: 'Failed' });
    expect(queue.grant('b').fence).toEqual({ epoch: 2, n: 2 });
  });

  test('L4: attach repeated by a new registration under the same move number renews the epoch', () => {
    const queue = queueWith('m1');
    expect(queue.tell({ kind: 'attach', move: 1, joining: joining('m1', { epoch: 3 }) })).toEqual({
      kind: 'ok',
    });
    expect(queue.request('a')).toMatchObject({ grant: { fence: { epoch: 3, n: 1 } } });
    expect(queue.tell({ kind: 'attach', move: 1, joining: joining('m1', { epoch: 2 }) })).toEqual({
      kind: 'old',
    });
  });

  test('L4: released by hand, the machine is free at once, under a higher fence, and the agent is told to stop', () => {
    const queue = queueWith('m1');
    queue.request('a', { owner: 'owner' });
    queue.request('b');
    const former = queue.grant('a');
    const byHand = { kind: 'releaseByHand', reason: 'PC was replaced', actor: 'ann' } as const;
    expect(queue.tell({ ...byHand, machine: 'm1' })).toEqual({ kind: 'ok' });
    expect(queue.effects('stop')).toMatchObject([{ owner: 'owner', grant: former, reason: 'released' }]);
    expect(queue.grant('b').fence.n).toBeGreaterThan(former.fence.n);
    expect(queue.tell({ kind: 'release', grant: former, outcome: 'Failed' })).toEqual({ kind: 'stale' });
    expect(queue.tell({ ...byHand, machine: 'm9' })).toMatchObject({ code: 'NoSuchMachine' });
  });

  test('effects stay in the outbox, with rising ids, until they are confirmed', () => {
    const queue = queueWith('m1');
    queue.request('a');
    const ids = queue.state.outbox.map(({ id }) => id);
    expect(ids).toEqual(ids.map((_id, index) => index + 1));
    queue.tell({ kind: 'confirm', upTo: 2 });
    expect(queue.state.outbox.map(({ id }) => id)).toEqual(ids.slice(2));
    queue.tell({ kind: 'confirm', upTo: 1 });
    expect(queue.state.outbox.map(({ id }) => id)).toEqual(ids.slice(2));
  });

  test('a caller whose clock is behind does not turn the queue back', () => {
    const queue = queueWith('m1');
    queue.now -= HOUR;
    queue.request('a');
    expect(queue.state.timeMs).toBe(queue.now + HOUR);
  });
});
