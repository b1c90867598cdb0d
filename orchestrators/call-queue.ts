import type { Task } from 'durable-functions';
import { ANSWERED_EFFECTS } from '../domain/run-queue/messages';
import type { QueueAnswer, QueueCommand, QueueEffect, QueueReply } from '../domain/run-queue/messages';
import { grantKey } from '../domain/runs/grants';
import { callThroughOutages, tryActivity } from './call-activity';
import type { Orchestration } from './call-activity';
import { runQueueEntity } from './names';

type Untimed<Command> = Command extends QueueCommand ? Omit<Command, 'now'> : never;
/** A command to a queue; the time is added when it is sent. */
export type QueueOrder = Untimed<QueueCommand>;

/** Sends one command to a queue and delivers what the queue wants others to know (docs/adr/0001-effects-inline.md). */
export function* callQueue(
  caller: Orchestration,
  queue: string,
  order: QueueOrder,
): Generator<Task, QueueReply, unknown> {
  const answer = yield* ask(caller, queue, order);
  yield* settleEffects(caller, queue, answer);
  return answer.reply;
}

/** Calls the entity and leaves its effects to the caller. */
export function* ask(
  caller: Orchestration,
  queue: string,
  order: QueueOrder,
): Generator<Task, QueueAnswer, unknown> {
  const { df, inbox } = caller;
  if (!inbox.inStep) yield* callThroughOutages(caller, 'keep-step', undefined);
  const command = { ...order, now: inbox.nowMs };
  return yield* inbox.during<QueueAnswer>(df.callEntity(runQueueEntity(queue), order.kind, command));
}

/**
 * Delivers the effects of an answer in outbox order, then confirms them. What cannot be delivered stays in the outbox, from
 * where the queue watch has it delivered (rule 7).
 */
export function* settleEffects(
  caller: Orchestration,
  queue: string,
  answer: QueueAnswer,
): Generator<Task, void, unknown> {
  let { effects } = answer;
  let foreign = effects.filter((effect) => !isAnswered(effect, answer.reply));
  for (let last = effects.at(-1); last; last = effects.at(-1)) {
    let more = effects.length >= ANSWERED_EFFECTS;
    if (foreign.length > 0) {
      const delivery = yield* tryActivity(caller, 'deliver-effects', { queue, effects: foreign });
      if (!delivery?.complete) return;
      // Rule 4: the machine of an unknown owner is not freed; the next answer holds the stop commands for its agent.
      for (const grant of delivery.orphans) yield* ask(caller, queue, { kind: 'stopping', grant });
      more ||= delivery.orphans.length > 0;
    }
    if (!more) return confirm(caller, queue, last.id);
    ({ effects } = yield* ask(caller, queue, { kind: 'confirm', upTo: last.id }));
    foreign = effects;
  }
}

function confirm({ df, inbox }: Orchestration, queue: string, upTo: number): void {
  df.signalEntity(runQueueEntity(queue), 'confirm', { kind: 'confirm', upTo, now: inbox.nowMs });
}

/** The caller's own grant has been told by the reply. */
function isAnswered(effect: QueueEffect, reply: QueueReply): boolean {
  return (
    effect.kind === 'grant' &&
    reply.kind === 'granted' &&
    effect.grant.run === reply.grant.run &&
    grantKey(effect.grant) === grantKey(reply.grant)
  );
}
