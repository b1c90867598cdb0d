import { commandToCapacity, commandToQueue } from '../domain/capacity/command-schema';
import type { CapacityCommand, CapacityEffect } from '../domain/capacity/messages';
import type { QueueCommand, QueueEffect } from '../domain/run-queue/messages';
import type { Signal } from './operation';
import { CAPACITY_KEY, RUN_QUEUE, UNATTENDED_CAPACITY } from './queue-names';

/** Row H1: what a queue wants of the bots, or gives back. */
export function botSignals(queue: string, effects: readonly QueueEffect[], nowMs: number): Signal[] {
  return effects.flatMap((effect) =>
    effect.kind === 'wantBot' || effect.kind === 'returnBot'
      ? [toCapacity(commandToCapacity(queue, effect, nowMs))]
      : [],
  );
}

/** Bots that are lent, or the news that others wait for some. */
export function lendingSignals(effects: readonly CapacityEffect[], nowMs: number): Signal[] {
  return effects.map((effect) => {
    const input = commandToQueue(effect, nowMs);
    return { entity: RUN_QUEUE, key: effect.queue, operation: input.kind, input };
  });
}

/** The queue has received what capacity sent. */
export function capacityReceipt(
  queue: string,
  { effect, now }: Extract<QueueCommand, { kind: 'bot' }>,
): Signal {
  return toCapacity({ kind: 'confirm', now, queue, upTo: effect });
}

function toCapacity(input: CapacityCommand): Signal {
  return { entity: UNATTENDED_CAPACITY, key: CAPACITY_KEY, operation: input.kind, input };
}
