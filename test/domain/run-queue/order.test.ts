import { HOUR, queueWith } from './support';

/** Rows F1, F3, F5, F6, F8, F9. */
describe('order of execution', () => {
  test('F1 F3: priority first, then time requested, then arrival', () => {
    const queue = queueWith('m1');
    queue.request('running');
    queue.request('low', { priority: 'low', requestedMs: 1 });
    queue.request('second', { requestedMs: 20 });
    queue.request('first', { requestedMs: 10 });
    queue.request('third', { requestedMs: 20 });
    queue.request('high', { priority: 'high', requestedMs: 99 });
    expect(queue.waiting).toEqual(['high', 'first', 'second', 'third', 'low']);

    for (const expected of ['high', 'first', 'second', 'third', 'low']) {
      queue.release(queue.running[0] ?? '');
      expect(queue.running).toEqual([expected]);
    }
  });

  test('F1: one run at a time on a machine', () => {
    const queue = queueWith('m1');
    expect(queue.request('a')).toMatchObject({ kind: 'granted', grant: { run: 'a', machine: 'm1' } });
    expect(queue.request('b')).toEqual({ kind: 'queued' });
    expect(queue.running).toEqual(['a']);
  });

  test('F5: a changed priority changes the place at once', () => {
    const queue = queueWith('m1');
    for (const run of ['running', 'a', 'b', 'c']) queue.request(run);
    expect(queue.tell({ kind: 'setPriority', run: 'c', priority: 'high', actor: 'ann' })).toEqual({
      kind: 'ok',
    });
    expect(queue.tell({ kind: 'setPriority', run: 'a', priority: 'low', actor: 'ann' })).toEqual({
      kind: 'ok',
    });
    expect(queue.waiting).toEqual(['c', 'b', 'a']);
    expect(queue.tell({ kind: 'setPriority', run: 'running', priority: 'low', actor: 'ann' })).toMatchObject({
      kind: 'refused',
      code: 'NotQueued',
    });
  });

  test('F6: moved to the top, the last one first; undo restores the place', () => {
    const queue = queueWith('m1');
    for (const run of ['running', 'a', 'b', 'c', 'd']) queue.request(run);
    queue.tell({ kind: 'moveToTop', run: 'c', actor: 'ann' });
    queue.tell({ kind: 'moveToTop', run: 'b', actor: 'ann' });
    expect(queue.waiting).toEqual(['b', 'c', 'a', 'd']);
    queue.request('high', { priority: 'high' });
    expect(queue.waiting).toEqual(['b', 'c', 'high', 'a', 'd']);
    queue.tell({ kind: 'undoMove', run: 'b', actor: 'ann' });
    queue.tell({ kind: 'undoMove', run: 'c', actor: 'ann' });
    expect(queue.waiting).toEqual(['high', 'a', 'b', 'c', 'd']);
    expect(queue.tell({ kind: 'undoMove', run: 'c', actor: 'ann' })).toMatchObject({ code: 'NotOnTop' });
    expect(queue.tell({ kind: 'moveToTop', run: 'nobody', actor: 'ann' })).toMatchObject({
      code: 'NotQueued',
    });
  });

  test('F6: a run that was moved to the top keeps its place when it comes back', () => {
    const queue = queueWith('m1');
    for (const run of ['running', 'a', 'b']) queue.request(run);
    queue.tell({ kind: 'moveToTop', run: 'b', actor: 'ann' });
    queue.release('running');
    expect(queue.running).toEqual(['b']);
    queue.giveBack('b');
    expect(queue.running).toEqual(['a']);
    queue.request('high', { priority: 'high' });
    expect(queue.waiting).toEqual(['b', 'high']);
  });

  test('F8: a full queue refuses at request time, but never a run that comes back', () => {
    const queue = queueWith('m1');
    queue.tell({ kind: 'settings', settings: { maxEntries: 2 }, actor: 'ann' });
    for (const run of ['running', 'a', 'b']) queue.request(run);
    expect(queue.request('c')).toEqual({ kind: 'full', limit: 2 });
    expect(queue.waiting).toEqual(['a', 'b']);
    expect(queue.request('a')).toEqual({ kind: 'queued' });
    const entry = { run: 'c', owner: 'c', requestedMs: 0, deadlineMs: queue.now + HOUR };
    const again = {
      priority: 'normal',
      mode: 'unattended',
      userKey: 'u',
      flow: 'f',
      runner: 'node',
    } as const;
    expect(queue.tell({ kind: 'request', entry: { ...entry, ...again }, again: true })).toEqual({
      kind: 'queued',
    });
  });

  test.each([0, 2_001, -1])('F8: a queue length of %i is refused and nothing changes', (maxEntries) => {
    const queue = queueWith('m1');
    expect(queue.tell({ kind: 'settings', settings: { maxEntries }, actor: 'ann' })).toMatchObject({
      kind: 'refused',
      code: 'BadSetting',
    });
    expect(queue.state.settings.maxEntries).toBe(500);
  });

  test('F9: a run that cannot start for a reason of its own does not hold up the others', () => {
    const queue = queueWith('m1', 'm2');
    queue.request('a', { pinned: 'm1' });
    queue.request('b', { pinned: 'm1' });
    expect(queue.request('c')).toMatchObject({ kind: 'granted', grant: { machine: 'm2' } });
    expect(queue.waiting).toEqual(['b']);
  });

  test('F9: strictOrder keeps the head of the line in front', () => {
    const queue = queueWith('m1', 'm2');
    queue.tell({ kind: 'settings', settings: { strictOrder: true }, actor: 'ann' });
    queue.request('a', { pinned: 'm1' });
    queue.request('b', { pinned: 'm1' });
    expect(queue.request('c')).toEqual({ kind: 'queued' });
    queue.release('a');
    expect(queue.running).toEqual(['b', 'c']);
  });
});
