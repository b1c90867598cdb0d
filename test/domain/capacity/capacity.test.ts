import {
  commandToCapacity,
  commandToQueue,
  parseCapacityCommand,
} from '../../../domain/capacity/command-schema';
import { decideCapacity } from '../../../domain/capacity/decide-capacity';
import type { CapacityCommand, CapacityEffect, CapacityReply } from '../../../domain/capacity/messages';
import type { CapacityState } from '../../../domain/capacity/state';
import { capacitySnapshot, emptyCapacity } from '../../../domain/capacity/state';
import type { BotWant } from '../../../domain/run-queue/messages';
import type { Queue } from '../run-queue/support';
import { HOUR, queueWith, reportOf } from '../run-queue/support';

type Untimed<C> = C extends CapacityCommand ? Omit<C, 'now'> : never;

/** The bots in a test. */
class Bots {
  state: CapacityState = emptyCapacity();
  now = Date.UTC(2026, 0, 5, 8);
  #effect = 0;

  constructor(total: number) {
    this.tell({ kind: 'setTotal', total });
  }

  tell(command: Untimed<CapacityCommand>): CapacityReply {
    const { state, reply } = decideCapacity(this.state, { ...command, now: this.now });
    this.state = state;
    return reply;
  }

  want(queue: string, ...wants: BotWant[]): void {
    this.#effect += 1;
    this.tell({ kind: 'wantBot', queue, effect: this.#effect, wants, seen: this.state.lastEffect });
  }

  return(queue: string, count = 1): void {
    this.#effect += 1;
    this.tell({ kind: 'returnBot', queue, effect: this.#effect, count });
  }

  /** What was sent since the last time. */
  sent(): Pick<CapacityEffect, 'queue' | 'count' | 'contended'>[] {
    const effects = this.state.outbox.map(({ queue, count, contended }) => ({ queue, count, contended }));
    for (const { queue, id } of this.state.outbox) this.tell({ kind: 'confirm', queue, upTo: id });
    return effects;
  }
}

const normal = (requestedMs: number): BotWant => ({ priority: 'normal', requestedMs });
const high = (requestedMs: number): BotWant => ({ priority: 'high', requestedMs });

describe('H1: unattended bots', () => {
  test('are lent by priority, then time requested, over all queues', () => {
    const bots = new Bots(1);
    bots.want('x', normal(1));
    expect(bots.sent()).toEqual([{ queue: 'x', count: 1, contended: false }]);
    bots.want('y', normal(3));
    bots.want('z', high(9), normal(2));
    bots.sent();
    const lent = [];
    for (let from = 'x'; lent.length < 3;) {
      bots.return(from);
      const got = bots.sent().find(({ count }) => count > 0);
      from = got?.queue ?? 'nobody';
      lent.push(from);
    }
    expect(lent).toEqual(['z', 'z', 'y']);
  });

  test('never more than there are', () => {
    const bots = new Bots(2);
    bots.want('x', normal(1), normal(2), normal(3));
    expect(bots.sent()).toEqual([{ queue: 'x', count: 2, contended: false }]);
    expect(capacitySnapshot(bots.state)).toMatchObject({ total: 2, lent: 2, wanted: 1 });
  });

  test('a queue that holds bots learns when another waits, and when none does any more', () => {
    const bots = new Bots(1);
    bots.want('x', normal(1));
    bots.sent();
    bots.want('y', normal(2));
    expect(bots.sent()).toEqual([{ queue: 'x', count: 0, contended: true }]);
    bots.want('y');
    expect(bots.sent()).toEqual([{ queue: 'x', count: 0, contended: false }]);
  });

  test('too many lent after a cut: they are to be given back after use', () => {
    const bots = new Bots(2);
    bots.want('x', normal(1), normal(2));
    bots.sent();
    bots.tell({ kind: 'setTotal', total: 1 });
    expect(bots.sent()).toEqual([{ queue: 'x', count: 0, contended: true }]);
  });

  test('repeated effects of a queue are dropped', () => {
    const bots = new Bots(1);
    const want: Untimed<CapacityCommand> = {
      kind: 'wantBot',
      queue: 'x',
      effect: 1,
      wants: [normal(1)],
      seen: 0,
    };
    bots.tell(want);
    expect(bots.tell(want)).toEqual({ kind: 'old' });
    const back: Untimed<CapacityCommand> = { kind: 'returnBot', queue: 'x', effect: 2, count: 1 };
    bots.tell(back);
    expect(bots.tell(back)).toEqual({ kind: 'old' });
    expect(capacitySnapshot(bots.state).lent).toBe(0);
  });

  test('a bot on its way is not asked for twice', () => {
    const bots = new Bots(5);
    bots.tell({ kind: 'wantBot', queue: 'x', effect: 1, wants: [normal(1)], seen: 0 });
    bots.tell({ kind: 'wantBot', queue: 'x', effect: 2, wants: [normal(1), normal(2)], seen: 0 });
    expect(capacitySnapshot(bots.state).lent).toBe(2);
  });

  test('a total that makes no sense is refused and changes nothing', () => {
    const bots = new Bots(3);
    for (const total of [-1, 1.5, Number.NaN, 1e9]) {
      expect(bots.tell({ kind: 'setTotal', total })).toMatchObject({ kind: 'refused', code: 'BadSetting' });
    }
    expect(bots.state.total).toBe(3);
    expect(typeof parseCapacityCommand('wantBot', { now: 1, queue: '' })).toBe('string');
  });

  test('utilisation and peak demand are reported by day', () => {
    const bots = new Bots(2);
    bots.want('x', normal(1), normal(2), normal(3));
    bots.now += 2 * HOUR;
    bots.return('x', 2);
    bots.want('x');
    bots.now += 24 * HOUR;
    bots.tell({ kind: 'reconcile' });
    const { days } = capacitySnapshot(bots.state);
    expect(days[0]).toMatchObject({ day: '2026-01-05', peakLent: 2, peakDemand: 3 });
    expect(days[1]?.day).toBe('2026-01-06');
  });
});

describe('H1: bots in the queue', () => {
  function limited(...machines: string[]): Queue {
    const queue = queueWith(...machines);
    queue.tell({ kind: 'settings', settings: { limitedBots: true }, actor: 'ann' });
    return queue;
  }

  test('by default there is no limit and no word about bots', () => {
    const queue = queueWith('m1', 'm2');
    for (const run of ['a', 'b', 'c']) queue.request(run);
    queue.release('a');
    expect([...queue.effects('wantBot'), ...queue.effects('returnBot')]).toEqual([]);
  });

  test('an unattended run starts when machine and bot are free; no machine is held meanwhile', () => {
    const queue = limited('m1');
    queue.request('unattended', { priority: 'high' });
    expect(queue.running).toEqual([]);
    expect(queue.effects('wantBot')).toMatchObject([{ wants: [{ priority: 'high' }], seen: 0 }]);
    const sessions = [{ user: 'ann', userKey: 'ann', state: 'active' as const }];
    queue.tell({ kind: 'report', machine: 'm1', epoch: 1, seq: 1, report: reportOf({ sessions }) });
    queue.request('attended', { mode: 'attended', userKey: 'ann', priority: 'low' });
    expect(queue.running).toEqual(['attended']);
    queue.release('attended');
    queue.tell({ kind: 'bot', effect: 1, count: 1 });
    expect(queue.running).toEqual(['unattended']);
    expect(queue.tell({ kind: 'bot', effect: 1, count: 1 })).toEqual({ kind: 'old' });
    expect(queue.state.bots.held).toBe(1);
  });

  test('a bot that comes too late goes back at once', () => {
    const queue = limited('m1');
    queue.request('a');
    queue.tell({ kind: 'withdraw', run: 'a' });
    queue.tell({ kind: 'bot', effect: 1, count: 1 });
    expect(queue.effects('returnBot')).toMatchObject([{ count: 1 }]);
    expect(queue.state.bots.held).toBe(0);
  });

  test('is used again while nobody else waits, else given back when its run is released', () => {
    const queue = limited('m1');
    for (const run of ['a', 'b', 'c']) queue.request(run);
    queue.tell({ kind: 'bot', effect: 1, count: 1 });
    queue.release('a');
    expect(queue.running).toEqual(['b']);
    queue.tell({ kind: 'bot', effect: 2, count: 0, contended: true });
    queue.release('b');
    expect(queue.running).toEqual([]);
    expect(queue.effects('returnBot')).toMatchObject([{ count: 1 }]);
    expect(queue.effects('wantBot').at(-1)).toMatchObject({ count: 1, seen: 2 });
  });

  test('runs that started before bots were counted ask for theirs; lifting the limit gives all back', () => {
    const queue = queueWith('m1', 'm2');
    queue.request('a');
    queue.tell({ kind: 'settings', settings: { limitedBots: true }, actor: 'ann' });
    expect(queue.effects('wantBot').at(-1)).toMatchObject({ count: 1 });
    queue.request('b');
    expect(queue.running).toEqual(['a']);
    queue.tell({ kind: 'bot', effect: 1, count: 1 });
    expect(queue.running).toEqual(['a']);
    queue.tell({ kind: 'settings', settings: { limitedBots: false }, actor: 'ann' });
    expect(queue.running).toEqual(['a', 'b']);
    expect(queue.effects('returnBot')).toMatchObject([{ count: 1 }]);
    expect(queue.effects('wantBot').at(-1)).toMatchObject({ count: 0 });
  });

  test('two queues share one bot fairly: the bot wanted meets the bot returned', () => {
    const bots = new Bots(1);
    const queues = new Map([
      ['x', limited('m1')],
      ['y', limited('m2')],
    ]);
    const settle = () => {
      for (let round = 0; round < 5; round += 1) {
        for (const [id, queue] of queues) {
          for (const effect of queue.state.outbox) {
            if (effect.kind === 'wantBot' || effect.kind === 'returnBot') {
              bots.state = decideCapacity(bots.state, commandToCapacity(id, effect, bots.now)).state;
            }
          }
          queue.tell({ kind: 'confirm', upTo: queue.state.lastEffect });
        }
        for (const effect of bots.state.outbox) {
          queues.get(effect.queue)?.tell(commandToQueue(effect, 0));
          bots.tell({ kind: 'confirm', queue: effect.queue, upTo: effect.id });
        }
      }
    };
    const order: string[] = [];
    let at = 0;
    for (const run of ['x1', 'y1', 'x2', 'y2', 'x3']) {
      at += 1;
      queues.get(run.slice(0, 1))?.request(run, { requestedMs: at });
    }
    settle();
    while (order.length < 5) {
      const running = [...queues.values()].flatMap((queue) => queue.running.map((run) => ({ queue, run })));
      expect(running).toHaveLength(1);
      for (const { queue, run } of running) {
        order.push(run);
        queue.release(run);
      }
      settle();
    }
    expect(order).toEqual(['x1', 'y1', 'x2', 'y2', 'x3']);
    expect(capacitySnapshot(bots.state)).toMatchObject({ lent: 0, wanted: 0 });
  });
});
