import type { BotWant } from '../run-queue/messages';

/** What `unattended-capacity` is told (row H1). Effects of a queue carry its id and the effect's; seen ones are dropped. */
export type CapacityCommand = { now: number } & (
  | { kind: 'wantBot'; queue: string; effect: number; wants: BotWant[]; seen: number }
  | { kind: 'returnBot'; queue: string; effect: number; count: number }
  /** The queue has received its effects up to this one. */
  | { kind: 'confirm'; queue: string; upTo: number }
  /** Unattended bots of the environment. */
  | { kind: 'setTotal'; total: number }
  | { kind: 'reconcile' }
);

/** Stays in the outbox until its queue confirms it: told to the queue as its `bot` command, `effect` being the id. */
export interface CapacityEffect {
  id: number;
  kind: 'bot';
  queue: string;
  count: number;
  contended: boolean;
}

export type CapacityReply =
  | { kind: 'ok' }
  /** seen before */
  | { kind: 'old' }
  | { kind: 'refused'; code: 'BadCommand' | 'BadSetting'; detail: string };

/** Utilisation and demand as people see them (row H1). */
export interface CapacitySnapshot {
  total: number;
  /** Lent to queues: counted by grant, so a run that is not heard of may still execute beyond this number. */
  lent: number;
  /** Runs that could start now if there were more bots. */
  wanted: number;
  /** Highest `lent` and highest `lent + wanted` of each of the last days (UTC, `YYYY-MM-DD`). */
  days: readonly CapacityDay[];
  queues: { queue: string; lent: number; wanted: number }[];
}

export interface CapacityDay {
  day: string;
  peakLent: number;
  peakDemand: number;
  /** Bot-milliseconds lent, for the utilisation: divide by total × the day's length. */
  lentMs: number;
}
