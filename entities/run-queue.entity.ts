import { decodeQueue, encodeQueue } from '../domain/run-queue/codec';
import type { StoredQueue } from '../domain/run-queue/codec';
import { parseCommand } from '../domain/run-queue/command-schema';
import { decide } from '../domain/run-queue/decide';
import type { QueueAnswer, QueueEffect, QueueReply } from '../domain/run-queue/messages';
import { ANSWERED_EFFECTS } from '../domain/run-queue/messages';
import { queueSnapshot } from '../domain/run-queue/snapshot';
import type { QueueSnapshot } from '../domain/run-queue/snapshot';
import { emptyQueue, needsWatch } from '../domain/run-queue/state';
import { entityHandler } from './operation';
import type { Operation, Outcome } from './operation';
import type { WatchMark } from './queue-watch.entity';
import { watchChange } from './queue-watch.entity';

/** One entity per machine or group; its key is the queue's id. */
export const RUN_QUEUE = 'run-queue';

/** State of the entity. */
export interface StoredEntity {
  queue: StoredQueue;
  watch: WatchMark;
}

/**
 * Each command kind is an operation; its input is the command (`kind` may be left out) and its answer a QueueAnswer.
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
  if (typeof command === 'string')
    return { answer: answerOf({ kind: 'refused', code: 'BadCommand', detail: command }, state.outbox) };
  const decision = decide(state, command);
  const change = watchChange({
    watched: `${RUN_QUEUE}/${key}`,
    before: stored?.watch,
    busy: needsWatch(decision.state),
    mayLeave: command.kind === 'reconcile',
  });
  return {
    stored: { queue: encodeQueue(decision.state), watch: change.watch },
    answer: answerOf(decision.reply, decision.state.outbox),
    signals: change.signals,
  };
}

function answerOf(reply: QueueReply, outbox: readonly QueueEffect[]): QueueAnswer {
  return { reply, effects: outbox.slice(0, ANSWERED_EFFECTS) };
}

function refused(detail: string): QueueAnswer {
  return answerOf({ kind: 'refused', code: 'BadCommand', detail }, []);
}
