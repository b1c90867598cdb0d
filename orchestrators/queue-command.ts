import type { OrchestrationContext, Task } from 'durable-functions';
import type { QueueReply } from '../domain/run-queue/messages';
import { callQueue } from './call-queue';
import type { QueueOrder } from './call-queue';
import { Inbox } from './inbox';

/** Input of `queue-command`. */
export interface QueueCommandInput {
  queue: string;
  order: QueueOrder;
}

/**
 * Sends one command to a queue for a function that cannot call entities itself, and delivers the effects. Its output is the
 * queue's reply.
 */
export function* queueCommand({ df }: OrchestrationContext): Generator<Task, QueueReply, unknown> {
  const { queue, order } = df.getInput<QueueCommandInput>();
  return yield* callQueue({ df, inbox: new Inbox(df) }, queue, order);
}
