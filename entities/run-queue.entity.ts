import { decodeQueue, encodeQueue } from '../domain/run-queue/codec';
import type { StoredQueue } from '../domain/run-queue/codec';
import { parseCommand } from '../domain/run-queue/command-schema';
import { decide } from '../domain/run-queue/decide';
import type { Decision } from '../domain/run-queue/decide';
import type { QueueCommand, QueueReply, Shipment } from '../domain/run-queue/messages';
import { SHIPPED_EFFECTS } from '../domain/run-queue/messages';
import { queueSnapshot } from '../domain/run-queue/snapshot';
import type { QueueSnapshot } from '../domain/run-queue/snapshot';
import { emptyQueue, needsWatch } from '../domain/run-queue/state';
import { capacityReceipt } from './capacity-signals';
import { entityHandler } from './operation';
import type { Operation, Outcome, Signal } from './operation';
import { QUEUE_COURIER, RUN_QUEUE } from './queue-names';
import type { WatchMark } from './queue-watch.entity';
import { watchChange } from './queue-watch.entity';

/** State of the entity. */
export interface StoredEntity {
  queue: StoredQueue;
  watch: WatchMark;
}

/**
 * One entity per machine or group; its key is the queue's id. Each command kind is an operation; its input is the command (`kind` may
 * be left out) and its answer a QueueReply. What a command wants done elsewhere goes to the queue's courier.
 * `snapshot` reads: no input, its answer is a QueueSnapshot.
 */
export const runQueueEntity = entityHandler<StoredEntity>({ operate, failed: refused });

/** The queue in what the entity has stored, for readers of its state; undefined is a queue to which nothing has come yet. */
export function storedSnapshot(stored: StoredEntity | undefined): QueueSnapshot {
  return queueSnapshot(stored ? decodeQueue(stored.queue) : emptyQueue());
}

function operate({ key, name, input, stored }: Operation<StoredEntity>): Outcome<StoredEntity> {
  const state = stored ? decodeQueue(stored.queue) : emptyQueue();
  if (name === 'snapshot') return { answer: queueSnapshot(state) };
  const command = parseCommand(name, input);
  if (typeof command === 'string') return { answer: refused(command) };
  const decision = decide(state, command);
  const change = watchChange({
    watched: `${RUN_QUEUE}/${key}`,
    before: stored?.watch,
    busy: needsWatch(decision.state),
    mayLeave: command.kind === 'reconcile',
  });
  return {
    stored: { queue: encodeQueue(decision.state), watch: change.watch },
    answer: decision.reply,
    signals: [
      ...change.signals,
      ...shipment(key, command, decision),
      ...(command.kind === 'bot' ? [capacityReceipt(key, command)] : []),
    ],
  };
}

/** What is new goes to the courier; after a mishap, all that is left. */
function shipment(queue: string, command: QueueCommand, { state, effects }: Decision): Signal[] {
  const due = command.kind === 'confirm' && command.resend ? state.outbox : effects;
  const [first] = due;
  if (!first) return [];
  const input: Shipment = {
    effects: due.slice(0, SHIPPED_EFFECTS),
    oldest: first.id === state.outbox[0]?.id,
    more: due.length > SHIPPED_EFFECTS,
  };
  return [{ entity: QUEUE_COURIER, key: queue, operation: 'deliver', input }];
}

function refused(detail: string): QueueReply {
  return { kind: 'refused', code: 'BadCommand', detail };
}
