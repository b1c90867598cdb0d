import type { CapacityCommand, CapacityReply } from './messages';
import type { Borrower, CapacityState } from './state';
import { lentBots, wantedBots } from './state';
import { passTime, notePeaks } from './utilisation';
import { compareWants } from './want-order';

/** Most unattended bots that an environment may be set to have. */
const MOST_BOTS = 100_000;

export interface CapacityDecision {
  state: CapacityState;
  reply: CapacityReply;
}

/**
 * The rules of the unattended bots (row H1): pure, total, never throws. Bots are lent to queues by priority, then time
 * requested; never more than there are. Effects of one queue arrive in order, perhaps repeated.
 */
export function decideCapacity(state: CapacityState, command: CapacityCommand): CapacityDecision {
  const next: CapacityState = {
    ...state,
    borrowers: [...state.borrowers],
    outbox: [...state.outbox],
    days: [...state.days],
  };
  passTime(next, command.now);
  const reply = apply(next, command);
  lend(next);
  tellContention(next);
  notePeaks(next);
  return { state: next, reply };
}

function apply(state: CapacityState, command: CapacityCommand): CapacityReply {
  switch (command.kind) {
    case 'wantBot':
      return fromQueue(state, command, (borrower) => want(borrower, command));
    case 'returnBot':
      return fromQueue(state, command, (borrower) => ({
        ...borrower,
        lent: Math.max(0, borrower.lent - command.count),
      }));
    case 'confirm':
      state.outbox = state.outbox.filter(({ id, queue }) => queue !== command.queue || id > command.upTo);
      return { kind: 'ok' };
    case 'setTotal':
      return setTotal(state, command.total);
    case 'reconcile':
      return { kind: 'ok' };
  }
}

function fromQueue(
  state: CapacityState,
  { queue, effect }: { queue: string; effect: number },
  change: (borrower: Borrower) => Borrower,
): CapacityReply {
  const index = state.borrowers.findIndex((borrower) => borrower.queue === queue);
  const known = state.borrowers[index] ?? {
    queue,
    high: 0,
    lent: 0,
    flying: [],
    wants: [],
    contended: false,
  };
  if (effect <= known.high) return { kind: 'old' };
  const changed = { ...change(known), high: effect };
  if (index < 0) state.borrowers.push(changed);
  else state.borrowers[index] = changed;
  return { kind: 'ok' };
}

/** The queue's whole demand, less the bots that were on their way when it wrote. */
function want(borrower: Borrower, { wants, seen }: Extract<CapacityCommand, { kind: 'wantBot' }>): Borrower {
  const flying = borrower.flying.filter((sent) => sent.effect > seen);
  const coming = flying.reduce((sum, { count }) => sum + count, 0);
  return { ...borrower, flying, wants: [...wants].sort(compareWants).slice(coming) };
}

function setTotal(state: CapacityState, total: number): CapacityReply {
  if (!Number.isInteger(total) || total < 0 || total > MOST_BOTS) {
    return {
      kind: 'refused',
      code: 'BadSetting',
      detail: `The number of unattended bots must be a whole number from 0 to ${MOST_BOTS}.`,
    };
  }
  state.total = total;
  return { kind: 'ok' };
}

/** Serves wants in order while bots are left; one message for each queue that gets some. */
function lend(state: CapacityState): void {
  const free = state.total - lentBots(state);
  if (free <= 0) return;
  const served = state.borrowers
    .flatMap(({ queue, wants }) => wants.map((wanted) => ({ queue, ...wanted })))
    .sort(compareWants)
    .slice(0, free);
  const counts = new Map<string, number>();
  for (const { queue } of served) counts.set(queue, (counts.get(queue) ?? 0) + 1);
  for (const [queue, count] of counts) send(state, queue, count);
}

/** A queue that holds bots learns whether to give each back after use: another waits for some, or too many are lent. */
function tellContention(state: CapacityState): void {
  for (const { queue, lent, contended } of state.borrowers) {
    if (lent > 0 && contended !== isContended(state, queue)) send(state, queue, 0);
  }
}

function isContended(state: CapacityState, queue: string): boolean {
  const own = state.borrowers.find((borrower) => borrower.queue === queue)?.wants.length ?? 0;
  return wantedBots(state) > own || lentBots(state) > state.total;
}

function send(state: CapacityState, queue: string, count: number): void {
  state.lastEffect += 1;
  const effect = state.lastEffect;
  state.borrowers = state.borrowers.map((borrower) =>
    borrower.queue === queue
      ? {
          ...borrower,
          lent: borrower.lent + count,
          flying: count > 0 ? [...borrower.flying, { effect, count }] : borrower.flying,
          wants: borrower.wants.slice(count),
        }
      : borrower,
  );
  const contended = isContended(state, queue);
  state.borrowers = state.borrowers.map((borrower) =>
    borrower.queue === queue ? { ...borrower, contended } : borrower,
  );
  state.outbox.push({ id: effect, kind: 'bot', queue, count, contended });
}
