import { z } from 'zod';
import { priority } from '../../contracts/runs';
import type { QueueCommand, QueueEffect } from '../run-queue/messages';
import type { CapacityCommand, CapacityEffect } from './messages';

const now = z.number().min(0).max(8.64e15);
const count = z.int().min(0);
const fromQueue = { now, queue: z.string().min(1), effect: z.int().min(1) };

const capacityCommand = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('wantBot'),
    ...fromQueue,
    wants: z.array(z.object({ priority, requestedMs: z.number().finite() })),
    seen: count,
  }),
  z.object({ kind: z.literal('returnBot'), ...fromQueue, count }),
  z.object({ kind: z.literal('confirm'), now, queue: z.string().min(1), upTo: count }),
  z.object({ kind: z.literal('setTotal'), now, total: z.number() }),
  z.object({ kind: z.literal('reconcile'), now }),
]);

/** The command of the operation `name`, or what is wrong with it. */
export function parseCapacityCommand(name: string, input: unknown): CapacityCommand | string {
  const fields = typeof input === 'object' && input !== null ? input : {};
  const command = capacityCommand.safeParse({ ...fields, kind: name });
  return command.success ? command.data : z.prettifyError(command.error);
}

/** How a queue's effect reaches capacity. */
export function commandToCapacity(
  queue: string,
  effect: Extract<QueueEffect, { kind: 'wantBot' | 'returnBot' }>,
  nowMs: number,
): CapacityCommand {
  const base = { now: nowMs, queue, effect: effect.id };
  return effect.kind === 'wantBot'
    ? { ...base, kind: 'wantBot', wants: effect.wants, seen: effect.seen }
    : { ...base, kind: 'returnBot', count: effect.count };
}

/** How capacity's effect reaches the queue that it names. */
export function commandToQueue(
  effect: CapacityEffect,
  nowMs: number,
): Extract<QueueCommand, { kind: 'bot' }> {
  const { id, count: bots, contended } = effect;
  return { kind: 'bot', now: nowMs, effect: id, count: bots, contended };
}
