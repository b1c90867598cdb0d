import type { WaitReason } from '../../../domain/run-queue/messages';
import { nextToRun } from '../../../domain/run-queue/next-to-run';
import { waitReason } from '../../../domain/run-queue/reasons';
import { queueSnapshot } from '../../../domain/run-queue/snapshot';
import type { Queue } from './support';
import { HOUR, queueWith, reportOf } from './support';

const presence = { kind: 'presence', epoch: 1, online: false, seq: 9 } as const;

function reasonOf(queue: Queue, run: string): WaitReason | undefined {
  return waitReason(queue.state, run);
}

describe('F4 L2: why a run waits now', () => {
  test('machineBusy for the first of the line, behind for the others', () => {
    const queue = queueWith('m1');
    for (const run of ['a', 'b', 'c']) queue.request(run);
    expect(reasonOf(queue, 'b')).toEqual({ why: 'machineBusy', run: 'a', machine: 'm1' });
    expect(reasonOf(queue, 'c')).toEqual({ why: 'behind', run: 'b', position: 2 });
    expect(reasonOf(queue, 'a')).toBeUndefined();
  });

  test('a run pinned elsewhere is not behind runs of other machines', () => {
    const queue = queueWith('m1', 'm2');
    queue.request('a', { pinned: 'm1' });
    queue.request('b', { pinned: 'm2' });
    queue.request('c', { pinned: 'm1' });
    queue.request('d', { pinned: 'm2' });
    expect(reasonOf(queue, 'd')).toEqual({ why: 'machineBusy', run: 'b', machine: 'm2' });
  });

  test('offline, maintenance, moving, no machine', () => {
    const queue = queueWith('m1');
    queue.tell({ ...presence, machine: 'm1' });
    queue.request('a');
    queue.request('b', { pinned: 'm9' });
    expect(reasonOf(queue, 'a')).toEqual({ why: 'offline', machines: ['m1'] });
    expect(reasonOf(queue, 'b')).toEqual({ why: 'noMachine' });
    queue.tell({ kind: 'settings', settings: { maintenance: true }, actor: 'ann' });
    expect(reasonOf(queue, 'a')).toEqual({ why: 'maintenance' });
    queue.tell({ kind: 'detach', move: 2, machine: 'm1' });
    expect(reasonOf(queue, 'a')).toEqual({ why: 'machineMoving', machine: 'm1' });
  });

  test('F7: the answer to a withdrawal says why the run had waited', () => {
    const queue = queueWith('m1');
    queue.tell({ ...presence, machine: 'm1' });
    queue.request('a');
    queue.now += 3 * HOUR;
    expect(queue.tell({ kind: 'withdraw', run: 'a' })).toEqual({
      kind: 'removed',
      waitReason: { why: 'offline', machines: ['m1'] },
    });
  });

  test('G3: the same user is running', () => {
    const queue = queueWith();
    queue.attach('m1', { report: reportOf({ maxSessions: 2 }) });
    queue.request('a', { userKey: 'ann' });
    queue.request('b', { userKey: 'ann' });
    expect(reasonOf(queue, 'b')).toEqual({ why: 'userBusy', run: 'a', machine: 'm1' });
  });

  test('C8 G2: a session blocks the run', () => {
    const session = { user: 'eve', userKey: 'eve', state: 'locked' } as const;
    const pc = queueWith();
    pc.attach('m1', { report: reportOf({ os: 'windows10', sessions: [session] }) });
    pc.request('a', { whenSessionBlocked: 'wait' });
    expect(reasonOf(pc, 'a')).toEqual({
      why: 'sessionBlocked',
      code: 'Win10AlreadyHasActiveSession',
      machine: 'm1',
    });
    const server = queueWith();
    const report = reportOf({ os: 'server2022', maxSessions: 1, rds: true, sessions: [session] });
    server.attach('m1', { report });
    server.request('a');
    expect(reasonOf(server, 'a')).toEqual({
      why: 'sessionBlocked',
      code: 'TooManyActiveSessions',
      machine: 'm1',
    });
  });

  test('F10: the machine gave it back', () => {
    const queue = queueWith('m1');
    queue.request('a');
    queue.giveBack('a', 'RunnerNotAvailable');
    expect(reasonOf(queue, 'a')).toEqual({
      why: 'refused',
      machine: 'm1',
      reason: 'RunnerNotAvailable',
      untilMs: queue.now + 30_000,
    });
  });

  test('H1: no bot is free', () => {
    const queue = queueWith('m1');
    queue.tell({ kind: 'settings', settings: { limitedBots: true }, actor: 'ann' });
    queue.request('a');
    expect(reasonOf(queue, 'a')).toEqual({ why: 'noBot' });
  });

  test('F9: strict order holds it behind the head of the line', () => {
    const queue = queueWith('m1', 'm2');
    queue.tell({ kind: 'settings', settings: { strictOrder: true }, actor: 'ann' });
    queue.request('a', { pinned: 'm1' });
    queue.request('b', { pinned: 'm1' });
    queue.request('c');
    expect(reasonOf(queue, 'c')).toEqual({ why: 'behind', run: 'b', position: 2 });
  });
});

describe('F2: next to run', () => {
  test('the first that could start if the next slot freed now; recomputed at every change', () => {
    const queue = queueWith('m1');
    expect(nextToRun(queue.state)).toBeUndefined();
    for (const run of ['a', 'b', 'c']) queue.request(run);
    expect(nextToRun(queue.state)).toBe('b');
    queue.tell({ kind: 'moveToTop', run: 'c', actor: 'ann' });
    expect(nextToRun(queue.state)).toBe('c');
    expect(queueSnapshot(queue.state).waiting.map(({ run, next }) => [run, next])).toEqual([
      ['c', true],
      ['b', false],
    ]);
  });

  test('none if none could start', () => {
    const queue = queueWith('m1');
    queue.request('a');
    queue.request('b');
    queue.tell({ kind: 'machineMaintenance', machine: 'm1', on: true, actor: 'ann' });
    expect(nextToRun(queue.state)).toBeUndefined();
    queue.tell({ kind: 'machineMaintenance', machine: 'm1', on: false, actor: 'ann' });
    queue.tell({ ...presence, machine: 'm1' });
    expect(nextToRun(queue.state)).toBeUndefined();
  });

  test('the session of the run that ends does not count', () => {
    const queue = queueWith();
    queue.attach('m1', { report: reportOf({ os: 'windows11' }) });
    queue.request('a', { userKey: 'ann' });
    queue.request('b', { whenSessionBlocked: 'wait' });
    const sessions = [{ user: 'ann', userKey: 'ann', state: 'active' as const }];
    const report = reportOf({ os: 'windows11', sessions });
    queue.tell({ kind: 'report', machine: 'm1', epoch: 1, seq: 1, report });
    expect(nextToRun(queue.state)).toBe('b');
  });

  test('a run that lacks a bot is next when the run that ends frees one', () => {
    const queue = queueWith('m1');
    queue.tell({ kind: 'settings', settings: { limitedBots: true }, actor: 'ann' });
    queue.request('a');
    queue.tell({ kind: 'bot', effect: 1, count: 1 });
    queue.request('b');
    expect(nextToRun(queue.state)).toBe('b');
  });
});
