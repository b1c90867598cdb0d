import type { CapacityDay } from './messages';
import type { CapacityState } from './state';
import { lentBots, wantedBots } from './state';

const DAY_MS = 24 * 60 * 60 * 1_000;
const KEPT_DAYS = 31;

/** Adds the time since the last command to each day it touches, with the bots that were lent meanwhile. */
export function passTime(state: CapacityState, now: number): void {
  const lent = lentBots(state);
  const until = Math.max(state.timeMs, now);
  // Beyond what is kept, nothing needs to be counted; a first command has no time before it.
  let at = state.timeMs === 0 ? until : Math.max(state.timeMs, until - KEPT_DAYS * DAY_MS);
  while (at < until) {
    const next = Math.min(until, (Math.floor(at / DAY_MS) + 1) * DAY_MS);
    const span = next - at;
    changeDay(state, at, (day) => ({
      ...day,
      lentMs: day.lentMs + lent * span,
      peakLent: Math.max(day.peakLent, lent),
    }));
    at = next;
  }
  state.timeMs = until;
}

export function notePeaks(state: CapacityState): void {
  const lent = lentBots(state);
  const demand = lent + wantedBots(state);
  changeDay(state, state.timeMs, (day) => ({
    ...day,
    peakLent: Math.max(day.peakLent, lent),
    peakDemand: Math.max(day.peakDemand, demand),
  }));
}

function changeDay(state: CapacityState, atMs: number, change: (day: CapacityDay) => CapacityDay): void {
  const name = new Date(atMs).toISOString().slice(0, 10);
  const last = state.days.at(-1);
  if (last?.day === name) state.days[state.days.length - 1] = change(last);
  else state.days.push(change({ day: name, peakLent: 0, peakDemand: 0, lentMs: 0 }));
  state.days = state.days.slice(-KEPT_DAYS);
}
