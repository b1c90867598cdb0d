import type { Task } from 'durable-functions';
import { commandToCapacity, commandToQueue } from '../domain/capacity/command-schema';
import type {
  CapacityAnswer,
  CapacityCommand,
  CapacityEffect,
  CapacityReply,
} from '../domain/capacity/messages';
import { ANSWERED_EFFECTS } from '../domain/run-queue/messages';
import type { QueueAnswer, QueueCommand, QueueEffect, QueueReply } from '../domain/run-queue/messages';
import { grantKey } from '../domain/runs/grants';
import { callThroughOutages, tryActivity } from './call-activity';
import type { Orchestration } from './call-activity';
import { capacityEntity, runQueueEntity } from './names';

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
  delivered = new Delivered(),
): Generator<Task, void, unknown> {
  let { effects } = answer;
  let foreign = delivered.freshOf(queue, effects).filter((effect) => !isAnswered(effect, answer.reply));
  for (let last = effects.at(-1); last; last = effects.at(-1)) {
    let more = effects.length >= ANSWERED_EFFECTS;
    const bots = foreign.filter(isAboutBots);
    const told = foreign.filter((effect) => !isAboutBots(effect));
    if (told.length > 0) {
      const delivery = yield* tryActivity(caller, 'deliver-effects', { queue, effects: told });
      if (!delivery?.complete) return;
      // Rule 4: the machine of an unknown owner is not freed; the next answer holds the stop commands for its agent.
      for (const grant of delivery.orphans) yield* ask(caller, queue, { kind: 'stopping', grant });
      more ||= delivery.orphans.length > 0;
    }
    delivered.note(queue, last.id);
    if (bots.length > 0) yield* settleBots(caller, queue, bots, delivered);
    if (!more) return confirm(caller, queue, last.id);
    ({ effects } = yield* ask(caller, queue, { kind: 'confirm', upTo: last.id }));
    foreign = delivered.freshOf(queue, effects);
  }
}

/** What one settling has delivered already: bots go from queue to queue and come back to one that has not been confirmed yet. */
class Delivered {
  private readonly queues = new Map<string, number>();
  private capacity = 0;

  note(queue: string, id: number): void {
    this.queues.set(queue, Math.max(id, this.queues.get(queue) ?? 0));
  }

  freshOf(queue: string, effects: QueueEffect[]): QueueEffect[] {
    const last = this.queues.get(queue) ?? 0;
    return effects.filter(({ id }) => id > last);
  }

  /** Effects of unattended-capacity that are new here; they count as delivered from now on. */
  takeFresh(effects: CapacityEffect[]): CapacityEffect[] {
    const fresh = effects.filter(({ id }) => id > this.capacity);
    this.capacity = fresh.at(-1)?.id ?? this.capacity;
    return fresh;
  }
}

type BotEffect = Extract<QueueEffect, { kind: 'wantBot' | 'returnBot' }>;

function isAboutBots(effect: QueueEffect): effect is BotEffect {
  return effect.kind === 'wantBot' || effect.kind === 'returnBot';
}

/** Row H1: tells unattended-capacity what a queue wants or gives back, all of it first, then the queues what they get. */
function* settleBots(
  caller: Orchestration,
  queue: string,
  effects: BotEffect[],
  delivered: Delivered,
): Generator<Task, void, unknown> {
  let lent: CapacityEffect[] = [];
  for (const effect of effects) {
    const command = commandToCapacity(queue, effect, caller.inbox.nowMs);
    ({ effects: lent } = yield* askCapacity(caller, command));
  }
  yield* passBotsOn(caller, lent, delivered);
}

/** Sends one command to unattended-capacity and passes on the bots that it lends. */
export function* callCapacity(
  caller: Orchestration,
  order: CapacityOrder,
): Generator<Task, CapacityReply, unknown> {
  const answer = yield* askCapacity(caller, { ...order, now: caller.inbox.nowMs });
  yield* passBotsOn(caller, answer.effects, new Delivered());
  return answer.reply;
}

type UntimedCapacity<Command> = Command extends CapacityCommand ? Omit<Command, 'now'> : never;
export type CapacityOrder = UntimedCapacity<CapacityCommand>;

function* askCapacity(
  caller: Orchestration,
  command: CapacityCommand,
): Generator<Task, CapacityAnswer, unknown> {
  const { df, inbox } = caller;
  if (!inbox.inStep) yield* callThroughOutages(caller, 'keep-step', undefined);
  return yield* inbox.during<CapacityAnswer>(df.callEntity(capacityEntity(), command.kind, command));
}

function* passBotsOn(
  caller: Orchestration,
  effects: CapacityEffect[],
  delivered: Delivered,
): Generator<Task, void, unknown> {
  const fresh = delivered.takeFresh(effects);
  const last = fresh.at(-1);
  if (!last) return;
  for (const effect of fresh) {
    const { now: _added, ...order } = commandToQueue(effect, caller.inbox.nowMs);
    const answer = yield* ask(caller, effect.queue, order);
    yield* settleEffects(caller, effect.queue, answer, delivered);
  }
  const confirmed: CapacityCommand = { kind: 'confirm', upTo: last.id, now: caller.inbox.nowMs };
  caller.df.signalEntity(capacityEntity(), 'confirm', confirmed);
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
