import { bot } from './bots';
import { grantAll } from './granting';
import { confirm, reconcile, releaseByHand, stopping } from './leases';
import type { GrantRef, QueueCommand, QueueEffect, QueueReply } from './messages';
import { attach, detach, forget } from './moves';
import { changeSettings, machineMaintenance, moveToTop, setPriority, undoMove } from './people';
import { account, presence, report } from './presence';
import { giveBack, pausedRun, release, request, withdraw } from './runs';
import type { QueueState } from './state';
import { findGrant, grantOffer, sameGrant } from './state';

export interface Decision {
  state: QueueState;
  reply: QueueReply;
  /** What this command added to the outbox. */
  effects: QueueEffect[];
}

/** An entry is dropped so long after its deadline when its owner has never withdrawn it. */
const ABANDONED_AFTER_MS = 60 * 60 * 1_000;

/**
 * The rules of the run queue: pure, total, never throws. Takes one command, answers it, then grants every run that can start
 * (rows F1–F9, G1–G4, H1). `state` is not changed.
 */
export function decide(state: QueueState, command: QueueCommand): Decision {
  const next = draft(state, command.now);
  dropAbandoned(next);
  const answer = apply(next, command);
  grantAll(next);
  const reply = command.kind === 'request' ? grantedAtOnce(next, command.entry.run, answer) : answer;
  if (reply.kind === 'granted') markTold(next, reply.grant);
  return { state: next, reply, effects: next.outbox.filter((effect) => effect.id > state.lastEffect) };
}

/** Entries, grants and machines are immutable themselves, so that copies of the lists are enough. */
function draft(state: QueueState, now: number): QueueState {
  return {
    ...state,
    timeMs: Math.max(state.timeMs, now),
    entries: [...state.entries],
    grants: [...state.grants],
    machines: [...state.machines],
    outbox: [...state.outbox],
  };
}

function apply(state: QueueState, command: QueueCommand): QueueReply {
  switch (command.kind) {
    case 'request':
      return request(state, command);
    case 'withdraw':
      return withdraw(state, command);
    case 'return':
      return giveBack(state, command);
    case 'release':
      return release(state, command);
    case 'paused':
      return pausedRun(state, command);
    case 'confirm':
      return confirm(state, command);
    case 'stopping':
      return stopping(state, command);
    case 'reconcile':
      return reconcile(state, command);
    case 'setPriority':
      return setPriority(state, command);
    case 'moveToTop':
      return moveToTop(state, command);
    case 'undoMove':
      return undoMove(state, command);
    case 'settings':
      return changeSettings(state, command);
    case 'releaseByHand':
      return releaseByHand(state, command);
    case 'attach':
      return attach(state, command);
    case 'detach':
      return detach(state, command);
    case 'forget':
      return forget(state, command);
    case 'presence':
      return presence(state, command);
    case 'report':
      return report(state, command);
    case 'account':
      return account(state, command);
    case 'machineMaintenance':
      return machineMaintenance(state, command);
    case 'bot':
      return bot(state, command);
  }
}

function grantedAtOnce(state: QueueState, run: string, answer: QueueReply): QueueReply {
  const grant = answer.kind === 'queued' ? findGrant(state, run) : undefined;
  return grant ? { kind: 'granted', grant: grantOffer(state, grant) } : answer;
}

/** The reply tells the owner of its grant. */
function markTold(state: QueueState, grant: GrantRef): void {
  state.outbox = state.outbox.map((effect) =>
    effect.kind === 'grant' && sameGrant(effect.grant, grant) ? { ...effect, told: true } : effect,
  );
}

/** Runs whose owner is gone: a living one withdraws at the deadline (rule 1). */
function dropAbandoned(state: QueueState): void {
  const horizon = state.timeMs - ABANDONED_AFTER_MS;
  if (state.entries.some((entry) => entry.deadlineMs < horizon)) {
    state.entries = state.entries.filter((entry) => entry.deadlineMs >= horizon);
  }
}
