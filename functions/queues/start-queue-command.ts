import type { Instances } from '../../adapters/instances';
import type { QueueOrder } from '../../orchestrators/call-queue';
import { orchestrations } from '../../orchestrators/names';
import type { QueueCommandInput } from '../../orchestrators/queue-command';

/** Row H1: whether unattended runs of the queue need a bot. */
export function limitBots(limitedBots: boolean): QueueOrder {
  return { kind: 'settings', settings: { limitedBots }, actor: 'environment' };
}

/**
 * Sends a command to a queue from a function, which cannot call entities itself. Commands are numbered or name the grant that
 * they mean, so one that is sent twice or late does no harm.
 * @returns the id of the orchestration; its output is the queue's reply.
 */
export function startQueueCommand(instances: Instances, queue: string, order: QueueOrder): Promise<string> {
  const input: QueueCommandInput = { queue, order };
  return instances.start(orchestrations.queueCommand, input);
}
