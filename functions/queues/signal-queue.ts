import type { Instances } from '../../adapters/instances';
import { RUN_QUEUE } from '../../entities/queue-names';
import type { QueueOrder } from '../../orchestrators/call-queue';

/** Row H1: whether unattended runs of the queue need a bot. */
export function limitBots(limitedBots: boolean): QueueOrder {
  return { kind: 'settings', settings: { limitedBots }, actor: 'environment' };
}

/**
 * Tells a queue something whose answer nobody waits for. Commands are numbered or name the grant that they mean, so one that is sent
 * twice or late does no harm.
 */
export function signalQueue(
  instances: Instances,
  queue: string,
  order: QueueOrder,
  nowMs: number,
): Promise<void> {
  return instances.signal(RUN_QUEUE, queue, order.kind, { ...order, now: nowMs });
}
