import type { Task } from 'durable-functions';
import type { CapacityCommand, CapacityReply } from '../domain/capacity/messages';
import type { QueueCommand, QueueReply } from '../domain/run-queue/messages';
import { callThroughOutages } from './call-activity';
import type { Orchestration } from './call-activity';
import { capacityEntity, runQueueEntity } from './names';

type Untimed<Command> = Command extends QueueCommand | CapacityCommand ? Omit<Command, 'now'> : never;
/** A command to a queue; the time is added when it is sent. */
export type QueueOrder = Untimed<QueueCommand>;
export type CapacityOrder = Untimed<CapacityCommand>;

/** Sends one command to a queue. What that wants others to know is the courier's affair (docs/adr/0004-couriers.md). */
export function* callQueue(
  caller: Orchestration,
  queue: string,
  order: QueueOrder,
): Generator<Task, QueueReply, unknown> {
  const { df, inbox } = caller;
  yield* keepStep(caller);
  const command = { ...order, now: inbox.nowMs };
  return yield* inbox.during<QueueReply>(df.callEntity(runQueueEntity(queue), order.kind, command));
}

/** Tells a queue something whose answer changes nothing; needs no step. */
export function signalQueue({ df, inbox }: Orchestration, queue: string, order: QueueOrder): void {
  df.signalEntity(runQueueEntity(queue), order.kind, { ...order, now: inbox.nowMs });
}

/** Sends one command to unattended-capacity. */
export function* callCapacity(
  caller: Orchestration,
  order: CapacityOrder,
): Generator<Task, CapacityReply, unknown> {
  const { df, inbox } = caller;
  yield* keepStep(caller);
  const command = { ...order, now: inbox.nowMs };
  return yield* inbox.during<CapacityReply>(df.callEntity(capacityEntity(), order.kind, command));
}

/** The replay may be ahead after a pause (docs/adr/0003-one-inbox.md). */
function* keepStep(caller: Orchestration): Generator<Task, void, unknown> {
  if (!caller.inbox.inStep) yield* callThroughOutages(caller, 'keep-step', undefined);
}
