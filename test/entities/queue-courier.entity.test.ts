import type { Delivery, QueueCommand, QueueEffect, Shipment } from '../../domain/run-queue/messages';
import { queueCourierEntity } from '../../entities/queue-courier.entity';
import { CAPACITY_KEY, QUEUE_COURIER, UNATTENDED_CAPACITY } from '../../entities/queue-names';
import { HostedEntity } from './support';

const atMs = 1_000_000;

/** A courier of queue m1 that meets what the test puts in its way. */
class Courier {
  /** Ids that were delivered, in order, with repeats. */
  readonly delivered: number[] = [];
  failing: number[] = [];
  orphans: Delivery['orphans'] = [];
  private readonly entity = new HostedEntity(
    QUEUE_COURIER,
    'm1',
    queueCourierEntity((_queue, effects) => Promise.resolve(this.deliver(effects))),
  );

  private deliver(effects: QueueEffect[]): Delivery {
    const failed = effects.map(({ id }) => id).filter((id) => this.failing.includes(id));
    this.delivered.push(...effects.map(({ id }) => id).filter((id) => !failed.includes(id)));
    return { failed, orphans: this.orphans, atMs };
  }

  /** @returns the signals that follow. */
  async take(
    effects: QueueEffect[],
    rest: Partial<Shipment> = {},
  ): Promise<{ to: string; input: unknown }[]> {
    this.entity.signals = [];
    await this.entity.callWaiting('deliver', { effects, oldest: false, more: false, ...rest });
    return this.entity.signals.map(({ to, input }) => ({ to, input }));
  }
}

function changed(...ids: number[]): QueueEffect[] {
  return ids.map((id) => ({
    id,
    kind: 'changed',
    number: id,
    atMs,
    change: { what: 'withdrawn', run: 'a' },
  }));
}

function confirm(upTo: number, resend = false, now = atMs): { to: string; input: QueueCommand } {
  return { to: 'run-queue/m1', input: { kind: 'confirm', upTo, resend, now } };
}

test('a repeat is confirmed, and not delivered again', async () => {
  const courier = new Courier();
  expect(await courier.take(changed(1, 2))).toEqual([]);
  expect(await courier.take(changed(3))).toEqual([]);
  expect(await courier.take(changed(2, 3))).toEqual([confirm(3)]);
  expect(courier.delivered).toEqual([1, 2, 3]);
});

test('what the queue forgot and numbered alike again is delivered; the rest of the forgotten is over', async () => {
  const courier = new Courier();
  await courier.take(changed(1, 2, 3, 4));
  const other: QueueEffect[] = changed(3).map((effect) => ({ ...effect, atMs: atMs + 1 }) as QueueEffect);
  expect(await courier.take(other)).toEqual([]);
  expect(await courier.take(changed(4, 5))).toEqual([]);
  expect(courier.delivered).toEqual([1, 2, 3, 4, 3, 4, 5]);
  expect(await courier.take(changed(4, 5))).toEqual([confirm(5)]);
  expect(courier.delivered).toEqual([1, 2, 3, 4, 3, 4, 5]);
});

test('what was delivered is confirmed when it has become twenty', async () => {
  const courier = new Courier();
  const ids = Array.from({ length: 45 }, (_none, index) => index + 1);
  const signals = [];
  for (const id of ids) signals.push(...(await courier.take(changed(id))));
  expect(signals).toEqual([confirm(20), confirm(40)]);
});

test('when the queue has more to hand over, it is asked for', async () => {
  expect(await new Courier().take(changed(1), { more: true })).toEqual([confirm(1, true)]);
});

describe('rule 7: what is in the way of one effect', () => {
  test('does not hold up those behind it, and it is confirmed only when it was delivered', async () => {
    const courier = new Courier();
    courier.failing = [2];
    expect(await courier.take(changed(1, 2, 3))).toEqual([confirm(1)]);
    expect(await courier.take(changed(4))).toEqual([confirm(1, true, 0)]);
    expect(await courier.take(changed(2, 3, 4), { oldest: true })).toEqual([confirm(1)]);
    expect(courier.delivered).toEqual([1, 3, 4]);
    courier.failing = [];
    expect(await courier.take(changed(2, 3, 4), { oldest: true })).toEqual([confirm(4)]);
    expect(courier.delivered).toEqual([1, 3, 4, 2]);
  });

  test('is no reason to ask for more at once', async () => {
    const courier = new Courier();
    courier.failing = [1];
    expect(await courier.take(changed(1, 2), { more: true })).toEqual([confirm(0)]);
  });
});

test('a queue that was there before its courier begins with its oldest effect', async () => {
  const courier = new Courier();
  expect(await courier.take(changed(7), { oldest: true })).toEqual([]);
  expect(courier.delivered).toEqual([7]);
});

test('rule 4: a grant whose owner nobody knows is marked', async () => {
  const courier = new Courier();
  const grant = { run: 'a', machine: 'm1', fence: { epoch: 1, n: 1 } };
  courier.orphans = [grant];
  const stopping = { to: 'run-queue/m1', input: { kind: 'stopping', grant, now: atMs } };
  expect(await courier.take(changed(1))).toEqual([stopping]);
});

test('H1: bots are asked for and given back in outbox order', async () => {
  const courier = new Courier();
  const signals = await courier.take([
    { id: 1, kind: 'wantBot', count: 0, wants: [], seen: 3 },
    { id: 2, kind: 'returnBot', count: 1 },
  ]);
  const to = `${UNATTENDED_CAPACITY}/${CAPACITY_KEY}`;
  expect(signals).toEqual([
    { to, input: { kind: 'wantBot', now: atMs, queue: 'm1', effect: 1, wants: [], seen: 3 } },
    { to, input: { kind: 'returnBot', now: atMs, queue: 'm1', effect: 2, count: 1 } },
  ]);
});

test('what breaks is answered, and nothing is written', async () => {
  const broken = queueCourierEntity((): Promise<Delivery> => Promise.reject(new Error('broken')));
  const entity = new HostedEntity(QUEUE_COURIER, 'm1', broken);
  const shipment: Shipment = { effects: changed(1), oldest: true, more: false };
  expect(await entity.callWaiting('deliver', shipment)).toEqual({ refused: 'broken' });
  expect(entity.state).toBeUndefined();
  expect(entity.signals).toEqual([]);
});
