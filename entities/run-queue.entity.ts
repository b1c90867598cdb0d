import { decodeQueue, encodeQueue } from '../domain/run-queue/codec';
import type { StoredQueue } from '../domain/run-queue/codec';
import { parseCommand } from '../domain/run-queue/command-schema';
import { decide } from '../domain/run-queue/decide';
import type { QueueAnswer, QueueCommand, QueueEffect, QueueReply } from '../domain/run-queue/messages';
import { ANSWERED_EFFECTS } from '../domain/run-queue/messages';
import { queueSnapshot } from '../domain/run-queue/snapshot';
import type { QueueSnapshot } from '../domain/run-queue/snapshot';
import { emptyQueue, needsWatch } from '../domain/run-queue/state';
import { entityHandler } from './operation';
import type { Operation, Outcome, Signal } from './operation';
import { watchSignal } from './queue-watch.entity';

/** One entity per machine or group; its key is the queue's id. */
export const RUN_QUEUE = 'run-queue';

/**
 * Each command kind is an operation; its input is the command (`kind` may be left out) and its answer a QueueAnswer.
 * `snapshot` reads: no input, its answer is a QueueSnapshot.
 */
export type RunQueueOperation = QueueCommand['kind'] | 'snapshot';
export type RunQueueInput<O extends QueueCommand['kind']> = Extract<QueueCommand, { kind: O }>;
export type RunQueueAnswer<O extends RunQueueOperation> = O extends 'snapshot' ? QueueSnapshot : QueueAnswer;

interface StoredEntity {
  queue: StoredQueue;
  /** Number of the last signal to the watch, and whether it lists this queue. */
  watch: { seq: number; listed: boolean };
}

export const runQueueEntity = entityHandler<StoredEntity>({ operate, failed: refused });

function operate({ key, name, input, stored }: Operation<StoredEntity>): Outcome<StoredEntity> {
  const state = stored ? decodeQueue(stored.queue) : emptyQueue();
  if (name === 'snapshot') return { answer: queueSnapshot(state) };
  const command = parseCommand(name, input);
  if (typeof command === 'string')
    return { answer: answerOf({ kind: 'refused', code: 'BadCommand', detail: command }, state.outbox) };
  const decision = decide(state, command);
  const before = stored?.watch ?? { seq: 0, listed: false };
  const listed = needsWatch(decision.state);
  // Only `reconcile` takes a queue off the list: a busy queue would otherwise come and go with every run.
  const changes = listed ? !before.listed : before.listed && command.kind === 'reconcile';
  const watch = changes ? { seq: before.seq + 1, listed } : before;
  const signals: Signal[] = changes ? [watchSignal({ watched: `${RUN_QUEUE}/${key}`, ...watch })] : [];
  return {
    stored: { queue: encodeQueue(decision.state), watch },
    answer: answerOf(decision.reply, decision.state.outbox),
    signals,
  };
}

function answerOf(reply: QueueReply, outbox: readonly QueueEffect[]): QueueAnswer {
  return { reply, effects: outbox.slice(0, ANSWERED_EFFECTS) };
}

function refused(detail: string): QueueAnswer {
  return answerOf({ kind: 'refused', code: 'BadCommand', detail }, []);
}
