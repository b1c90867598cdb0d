import type { QueueReply, Shipment } from '../../domain/run-queue/messages';
import type { QueueSnapshot } from '../../domain/run-queue/snapshot';
import { QUEUE_COURIER, RUN_QUEUE } from '../../entities/queue-names';
import { runQueueEntity } from '../../entities/run-queue.entity';
import { QUEUE_WATCH } from '../../entities/queue-watch.entity';
import { HOUR, joining, requested } from '../domain/run-queue/support';
import { HostedEntity } from './support';

const now = 1_000_000;

function queueEntity(): HostedEntity {
  const entity = new HostedEntity(RUN_QUEUE, 'm1', runQueueEntity);
  entity.call('attach', { now, move: 1, joining: joining('m1') });
  return entity;
}

/** What went to the courier since the last time. */
function shipped(entity: HostedEntity): Shipment[] {
  const all = entity.signals.filter(({ to }) => to === `${QUEUE_COURIER}/m1`);
  entity.signals = entity.signals.filter(({ to }) => to !== `${QUEUE_COURIER}/m1`);
  return all.map(({ input }) => input as Shipment);
}

test('L4: a request is granted with a fence; the courier gets the grant, and again on demand until it is confirmed', () => {
  const entity = queueEntity();
  shipped(entity);
  const first = entity.call<QueueReply>('request', { now, entry: requested('a', now) });
  expect(first).toEqual({
    kind: 'granted',
    grant: {
      run: 'a',
      machine: 'm1',
      fence: { epoch: 1, n: 1 },
      terms: { os: 'linux', reuse: false, multipleSessionsPerUser: false },
    },
  });
  const offer = { userKey: 'user of a', runner: 'node', deadlineMs: now + HOUR * 3 };
  const [shipment] = shipped(entity);
  expect(shipment).toMatchObject({ oldest: false, more: false });
  const granted = { kind: 'grant', owner: 'a', offer, told: true };
  expect(shipment?.effects).toContainEqual(expect.objectContaining(granted));
  entity.call('confirm', { now, upTo: 0, resend: true });
  const [again] = shipped(entity);
  expect(again).toMatchObject({ oldest: true, more: false });
  const last = again?.effects.at(-1)?.id ?? 0;
  expect(last).toBe(shipment?.effects.at(-1)?.id);
  entity.call('confirm', { now, upTo: last, resend: true });
  expect(shipped(entity)).toEqual([]);
});

test('a queue hands over at most a hundred effects at once', () => {
  const entity = queueEntity();
  for (let n = 0; n < 120; n++) entity.call('request', { now, entry: requested(`r${n}`, now) });
  shipped(entity);
  entity.call('confirm', { now, upTo: 0, resend: true });
  const [first] = shipped(entity);
  expect(first).toMatchObject({ oldest: true, more: true });
  expect(first?.effects).toHaveLength(100);
});

test('an operation answers exactly once, and what is no command is refused and changes nothing', () => {
  const entity = queueEntity();
  const before = entity.state;
  const bad: [string, unknown][] = [
    ['request', undefined],
    ['request', { now, entry: { run: 'a' } }],
    ['request', { now: 'soon', entry: requested('a', now) }],
    ['release', { now, grant: { run: 'a', machine: 'm1', fence: { epoch: 0, n: 1 } }, outcome: 'x' }],
    ['settings', { now, actor: 'ann', settings: { maxEntries: 'many' } }],
    ['delete', { now }],
    ['', null],
  ];
  const answered = entity.answers;
  for (const [operation, input] of bad) {
    const reply = entity.call<QueueReply>(operation, input);
    expect(reply).toMatchObject({ kind: 'refused', code: 'BadCommand' });
  }
  expect(entity.answers - answered).toBe(bad.length);
  expect(entity.state).toBe(before);
});

test('a state that cannot be read is answered as refused and left as it is', () => {
  const entity = queueEntity();
  entity.state = '{"queue":{}}';
  const reply = entity.call<QueueReply>('withdraw', { now, run: 'a' });
  expect(reply).toMatchObject({ kind: 'refused', code: 'BadCommand' });
  expect(entity.state).toBe('{"queue":{}}');
});

test('F4: the snapshot shows who runs, who waits, in which place and why', () => {
  const entity = queueEntity();
  entity.call('request', { now, entry: requested('a', now) });
  entity.call('request', { now, entry: requested('b', now) });
  const snapshot = entity.call<QueueSnapshot>('snapshot');
  expect(snapshot.running).toMatchObject([{ run: 'a', grant: { machine: 'm1' }, stopping: false }]);
  expect(snapshot.waiting).toMatchObject([
    { run: 'b', position: 1, next: true, reason: { why: 'machineBusy', run: 'a', machine: 'm1' } },
  ]);
  expect(snapshot.machines).toMatchObject([{ machine: 'm1', online: true, runs: ['a'], slots: 1 }]);
});

test('rule 7: a queue is in the watch list while it has something to look after; reconcile takes it off', () => {
  const entity = queueEntity();
  const listed = { to: expect.stringContaining(QUEUE_WATCH) as string, operation: 'list' };
  shipped(entity);
  expect(entity.signals).toMatchObject([{ ...listed, input: { watched: 'run-queue/m1', seq: 1 } }]);
  const reply = entity.call<QueueReply>('request', { now, entry: requested('a', now) });
  const grant = reply.kind === 'granted' ? reply.grant : undefined;
  entity.call('release', { now, grant, outcome: 'Succeeded' });
  const effects = shipped(entity).flatMap((shipment) => shipment.effects);
  const reconcile = { now, ended: [], silentBeforeMs: 0 };
  entity.call('reconcile', reconcile);
  expect(entity.signals).toHaveLength(1);
  entity.call('confirm', { now, upTo: effects.at(-1)?.id ?? 0 });
  expect(entity.signals).toHaveLength(1);
  entity.call('reconcile', reconcile);
  expect(entity.signals).toHaveLength(2);
  expect(entity.signals[1]).toMatchObject({
    operation: 'unlist',
    input: { watched: 'run-queue/m1', seq: 2 },
  });
});
