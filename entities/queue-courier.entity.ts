import type { InvocationContext } from '@azure/functions';
import type { EntityContext } from 'durable-functions';
import type { Delivery, QueueCommand, QueueEffect, Shipment } from '../domain/run-queue/messages';
import { botSignals } from './capacity-signals';
import { waitingEntityHandler } from './operation';
import type { Outcome, Signal } from './operation';
import { RUN_QUEUE } from './queue-names';

/** State of the entity. */
interface StoredCourier {
  /** All effects of the queue up to this one have been delivered. */
  delivered: number;
  /** Those behind it that have been delivered while something is in the way of an earlier one. */
  ahead: number[];
  /** All up to this one have been struck off the queue's outbox. */
  confirmed: number;
  /** What the last of them were, by number. */
  marks?: Record<string, number>;
}

/** Effects that may stay in the outbox although they are delivered: each `confirm` costs the queue an operation. */
const UNCONFIRMED = 20;

/** Effects whose marks are kept. */
const MARKS = 32;

type Deliver = (queue: string, effects: QueueEffect[], context: InvocationContext) => Promise<Delivery>;

/**
 * One entity per queue, of the same key: takes the effects of the queue where they belong, in outbox order, so that the queue goes on
 * deciding meanwhile (docs/adr/0004-couriers.md). `deliver`: a signal of the queue, its input is a Shipment. What cannot be
 * delivered stays in the queue's outbox; whatever comes next, or the queue watch (rule 7), has it sent again.
 */
export function queueCourierEntity(
  deliver: Deliver,
): (context: EntityContext<StoredCourier>) => Promise<void> {
  return waitingEntityHandler<StoredCourier>({
    operate: ({ key, input, stored }, context) =>
      operate(key, input as Shipment, stored ?? { delivered: 0, ahead: [], confirmed: 0 }, (effects) =>
        deliver(key, effects, context),
      ),
    failed: (detail) => ({ refused: detail }),
  });
}

async function operate(
  queue: string,
  { effects, oldest, more }: Shipment,
  courier: StoredCourier,
  deliver: (effects: QueueEffect[]) => Promise<Delivery>,
): Promise<Outcome<StoredCourier>> {
  const fresh = effects.filter((effect) => !isKnown(courier, effect));
  const [first] = fresh;
  const delivered = Math.min(courier.delivered, (first?.id ?? Infinity) - 1);
  // What could not be delivered before comes along.
  const gap = !oldest && first !== undefined && first.id > delivered + 1;
  if (gap) return outcome(courier, [confirm(queue, { upTo: delivered, resend: true, now: 0 })]);

  const { failed, orphans, atMs } = await deliver(fresh);
  const done = effects.findLast(({ id }) => !failed.some((other) => other <= id))?.id ?? 0;
  const upTo = Math.max(delivered, done);
  const isResent = fresh.length < effects.length;
  const isDue = isResent || more || failed.length > 0 || upTo - courier.confirmed >= UNCONFIRMED;
  const next: StoredCourier = {
    delivered: upTo,
    ahead: effects.flatMap(({ id }) => (id > upTo && !failed.includes(id) ? [id] : [])),
    confirmed: isDue ? upTo : Math.min(courier.confirmed, upTo),
    marks: marksOf(courier, fresh),
  };
  return outcome(next, [
    ...botSignals(queue, fresh, atMs),
    ...orphans.map((grant) => toQueue(queue, { kind: 'stopping', grant, now: atMs })),
    ...(isDue ? [confirm(queue, { upTo, resend: more && failed.length === 0, now: atMs })] : []),
  ]);
}

/**
 * A queue whose host was killed may have forgotten what it shipped last, and number something else alike
 * (docs/adr/0010-the-word-about-a-grant.md): that is new.
 */
function isKnown({ delivered, ahead, marks = {} }: StoredCourier, effect: QueueEffect): boolean {
  if (effect.id > delivered && !ahead.includes(effect.id)) return false;
  const mark = marks[effect.id];
  return mark === undefined || mark === markOf(effect);
}

/** Of the last effects; a queue forgets no more than one batch. */
function marksOf({ marks = {} }: StoredCourier, fresh: readonly QueueEffect[]): Record<string, number> {
  const from = (fresh[0]?.id ?? 0) - MARKS;
  const kept = Object.entries(marks).filter(([id]) => Number(id) >= from);
  return Object.fromEntries([
    ...kept,
    ...fresh.map((effect) => [String(effect.id), markOf(effect)] as const),
  ]);
}

/** FNV-1a, 32 bits. */
function markOf(effect: QueueEffect): number {
  let mark = 0x811c9dc5;
  for (const character of JSON.stringify(effect)) {
    mark = Math.imul(mark ^ character.charCodeAt(0), 0x01000193);
  }
  return mark >>> 0;
}

function outcome(stored: StoredCourier, signals: Signal[]): Outcome<StoredCourier> {
  return { stored, answer: { ok: true }, signals };
}

function confirm(queue: string, order: Omit<Extract<QueueCommand, { kind: 'confirm' }>, 'kind'>): Signal {
  return toQueue(queue, { kind: 'confirm', ...order });
}

function toQueue(queue: string, input: QueueCommand): Signal {
  return { entity: RUN_QUEUE, key: queue, operation: input.kind, input };
}
