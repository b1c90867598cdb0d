import { isAccount } from '../sessions/decide-session';
import { freeBots } from './granting';
import type { Place } from './places';
import { fitOf, isCandidate, placesOf } from './places';
import type { Entry, QueueState } from './state';

/**
 * The run that the rules would start if the next slot became free now (row F2): the first in order that could start once any
 * one of the running runs ended; none if none could.
 */
export function nextToRun(state: QueueState): string | undefined {
  const freed = placesOf(state).flatMap((place) =>
    place.runs.map((_run, index) => without(state, place, index)),
  );
  if (freed.length === 0) return undefined;
  for (const entry of state.entries) {
    if (entry.deadlineMs <= state.timeMs) continue;
    if (freed.some((future) => couldStart(state, entry, future))) return entry.run;
    if (state.settings.strictOrder) return undefined;
  }
  return undefined;
}

interface Future {
  place: Place;
  bots: number;
}

/** The machine after that run: its session is signed out, or locked for reuse (rows D1, D2); an attended user stays. */
function without(state: QueueState, place: Place, index: number): Future {
  const ended = place.runs[index];
  const unattended = ended?.entry.cls.mode === 'unattended';
  const { facts, accounts } = place.machine;
  const sessions = facts.sessions.flatMap((session) => {
    if (!ended || !unattended || !isAccount(session, ended.entry.cls.userKey, accounts)) return [session];
    return state.settings.reuseSession ? [{ ...session, state: 'locked' as const }] : [];
  });
  return {
    place: {
      machine: { ...place.machine, facts: { ...facts, sessions } },
      runs: place.runs.filter((_run, other) => other !== index),
    },
    bots: freeBots(state) + (unattended ? 1 : 0),
  };
}

function couldStart(state: QueueState, entry: Entry, { place, bots }: Future): boolean {
  if (!isCandidate(entry.cls, place) || (entry.cls.mode === 'unattended' && bots <= 0)) return false;
  const { fit } = fitOf(state, entry, place);
  return fit === 'yes' || (fit === 'refusal' && entry.cls.whenSessionBlocked === 'fail');
}
