import type { OrchestrationContext, Task } from 'durable-functions';
import type { CapacityReply } from '../domain/capacity/messages';
import { callCapacity } from './call-queue';
import type { CapacityOrder } from './call-queue';
import { Inbox } from './inbox';

/** Sends one command to unattended-capacity for a function that cannot call entities itself. Its output is the reply. */
export function* capacityCommand({ df }: OrchestrationContext): Generator<Task, CapacityReply, unknown> {
  return yield* callCapacity({ df, inbox: new Inbox(df) }, df.getInput<CapacityOrder>());
}
