import type { BotWant } from '../run-queue/messages';
import type { CapacityDay, CapacityEffect, CapacitySnapshot } from './messages';

/** What capacity knows of one queue. */
export interface Borrower {
  readonly queue: string;
  /** Highest effect of the queue that was received. */
  readonly high: number;
  readonly lent: number;
  /** Bots sent that the queue had not seen when it last wrote. */
  readonly flying: readonly { readonly effect: number; readonly count: number }[];
  readonly wants: readonly BotWant[];
  /** Whether the queue has been told that others wait. */
  readonly contended: boolean;
}

export interface CapacityState {
  timeMs: number;
  total: number;
  borrowers: Borrower[];
  outbox: CapacityEffect[];
  lastEffect: number;
  /** Oldest first. */
  days: CapacityDay[];
}

export function emptyCapacity(): CapacityState {
  return { timeMs: 0, total: 0, borrowers: [], outbox: [], lastEffect: 0, days: [] };
}

export function lentBots(state: CapacityState): number {
  return state.borrowers.reduce((sum, borrower) => sum + borrower.lent, 0);
}

export function wantedBots(state: CapacityState): number {
  return state.borrowers.reduce((sum, borrower) => sum + borrower.wants.length, 0);
}

export function capacitySnapshot(state: CapacityState): CapacitySnapshot {
  return {
    total: state.total,
    lent: lentBots(state),
    wanted: wantedBots(state),
    days: state.days,
    queues: state.borrowers.map(({ queue, lent, wants }) => ({ queue, lent, wanted: wants.length })),
  };
}
