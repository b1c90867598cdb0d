import type { CapacityReply, CapacitySnapshot } from '../../domain/capacity/messages';
import type { WatchList } from '../../entities/queue-watch.entity';
import { QUEUE_WATCH, WATCH_KEYS, queueWatchEntity, watchChange } from '../../entities/queue-watch.entity';
import { CAPACITY_KEY, UNATTENDED_CAPACITY } from '../../entities/queue-names';
import { unattendedCapacityEntity } from '../../entities/unattended-capacity.entity';
import { HostedEntity } from './support';

const now = 1_000_000;

describe('rule 7: the watch list', () => {
  const watch = () => new HostedEntity(QUEUE_WATCH, WATCH_KEYS[0], queueWatchEntity);

  test('lists what has signalled, until it leaves', () => {
    const entity = watch();
    entity.call('list', { watched: 'run-queue/m1', seq: 1 });
    entity.call('list', { watched: 'unattended-capacity/environment', seq: 1 });
    expect(entity.call<WatchList>('read')).toEqual({
      watched: [
        { entity: 'run-queue', key: 'm1' },
        { entity: 'unattended-capacity', key: 'environment' },
      ],
    });
    entity.call('unlist', { watched: 'run-queue/m1', seq: 2 });
    expect(entity.call<WatchList>('read').watched).toHaveLength(1);
  });

  test('a late signal to leave does not hide what was listed after it', () => {
    const entity = watch();
    entity.call('list', { watched: 'run-queue/m1', seq: 3 });
    entity.call('unlist', { watched: 'run-queue/m1', seq: 2 });
    expect(entity.call<WatchList>('read').watched).toHaveLength(1);
  });

  test('what makes no sense is refused and changes nothing', () => {
    const entity = watch();
    expect(entity.call('list', { watched: 'm1', seq: 1 })).toHaveProperty('refused');
    expect(entity.call('list')).toHaveProperty('refused');
    expect(entity.call('clear')).toHaveProperty('refused');
    expect(entity.state).toBeUndefined();
  });

  test('entities spread over the watches, each always in the same', () => {
    const keyOf = (watched: string) =>
      watchChange({ watched, before: undefined, busy: true, mayLeave: false }).signals[0]?.key;
    const keys = Array.from({ length: 200 }, (_none, i) => keyOf(`run-queue/m${i}`));
    expect(new Set(keys)).toEqual(new Set(WATCH_KEYS));
    expect(keyOf('run-queue/m1')).toBe(keyOf('run-queue/m1'));
  });
});

describe('H1: the unattended bots', () => {
  const capacity = () => new HostedEntity(UNATTENDED_CAPACITY, CAPACITY_KEY, unattendedCapacityEntity);

  test('are lent by signal, and sent again by reconcile until the queue has them', () => {
    const entity = capacity();
    entity.call('setTotal', { now, total: 1 });
    const wants = [{ priority: 'normal', requestedMs: 1 }];
    const want = { now, queue: 'm1', effect: 4, wants, seen: 0 };
    expect(entity.call<CapacityReply>('wantBot', want)).toEqual({ kind: 'ok' });
    expect(entity.call<CapacityReply>('wantBot', want)).toEqual({ kind: 'old' });
    const bot = { kind: 'bot', now, effect: 1, count: 1, contended: false };
    const lent = { to: 'run-queue/m1', operation: 'bot', input: bot };
    expect(entity.signals).toMatchObject([{ operation: 'list' }, lent]);
    entity.call('reconcile', { now });
    expect(entity.signals).toMatchObject([{ operation: 'list' }, lent, lent]);
    entity.call('confirm', { now, queue: 'm2', upTo: 1 });
    entity.call('confirm', { now, queue: 'm1', upTo: 1 });
    entity.call('reconcile', { now });
    expect(entity.signals.slice(3)).toMatchObject([{ operation: 'unlist' }]);
    expect(entity.call<CapacitySnapshot>('snapshot')).toMatchObject({ total: 1, lent: 1, wanted: 0 });
  });

  test('what is no command is refused and changes nothing', () => {
    const entity = capacity();
    for (const [operation, input] of [
      ['wantBot', {}],
      ['setTotal', { now, total: 'all' }],
      ['x', { now }],
    ] as const) {
      expect(entity.call<CapacityReply>(operation, input)).toMatchObject({ code: 'BadCommand' });
    }
    expect(entity.state).toBeUndefined();
  });
});
