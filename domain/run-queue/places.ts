import type { SessionRefusal } from '../sessions/session-tables';
import { decideSession } from '../sessions/decide-session';
import { parallelRuns } from '../sessions/session-tables';
import type { Entry, EntryClass, Grant, Machine, QueueState } from './state';

/** A machine with the runs that hold it: what granting looks at. `runs` grows while grants are decided. */
export interface Place {
  readonly machine: Machine;
  readonly runs: Holder[];
}

export type Holder = Pick<Grant, 'entry' | 'machine' | 'paused'>;

export type Fit =
  | { fit: 'yes' }
  /** Free, but the sessions on it would refuse the run. */
  | { fit: 'refusal'; code: SessionRefusal }
  /** Not open to any run now. */
  | { fit: 'closed'; why: 'moving' | 'maintenance' | 'offline' }
  /** Open, and may take the run later without anybody's help. */
  | { fit: 'later'; why: 'user' | 'slot' | 'session' | 'refused' };

/** Every machine of the queue with what holds it. */
export function placesOf(state: QueueState): Place[] {
  const places = new Map(
    state.machines.map((machine) => [machine.machine, { machine, runs: [] as Holder[] }]),
  );
  for (const grant of state.grants) places.get(grant.machine)?.runs.push(grant);
  return [...places.values()];
}

export function isOpen(state: QueueState, { machine }: Place): boolean {
  return machine.online && !machine.detaching && !machine.maintenance && !state.settings.maintenance;
}

export function hasSlot({ machine, runs }: Place): boolean {
  return runs.length < parallelRuns(machine.facts);
}

/** May runs of this class use the machine at all (row B2)? */
export function isCandidate(cls: EntryClass, { machine }: Place): boolean {
  return cls.pinned === undefined || cls.pinned === machine.machine;
}

/** Can the entry start on this machine now, and if not, why not? */
export function fitOf(state: QueueState, entry: Entry, place: Place): Fit {
  const { machine, runs } = place;
  if (machine.detaching) return { fit: 'closed', why: 'moving' };
  if (machine.maintenance || state.settings.maintenance) return { fit: 'closed', why: 'maintenance' };
  if (!machine.online) return { fit: 'closed', why: 'offline' };
  const decision = decideSession({
    facts: machine.facts,
    accounts: machine.accounts,
    mode: entry.cls.mode,
    userKey: entry.cls.userKey,
    reuse: state.settings.reuseSession,
    runningUsers: runs.map((run) => run.entry.cls.userKey),
  });
  if (decision.kind === 'wait') return { fit: 'later', why: decision.reason };
  if (isRefused(entry, machine.machine, state.timeMs)) return { fit: 'later', why: 'refused' };
  return decision.kind === 'refuse' ? { fit: 'refusal', code: decision.code } : { fit: 'yes' };
}

function isRefused(entry: Entry, machine: string, nowMs: number): boolean {
  return (
    entry.refusals.length > 0 &&
    entry.refusals.some((refusal) => refusal.machine === machine && refusal.untilMs > nowMs)
  );
}

/**
 * The machine that takes the entry now, if any: the least loaded of those that can, then the one that was used longest ago.
 * Only when its sessions would refuse the run on every machine that is open to it, a run that does not want to wait
 * (row C8) is sent to be refused there: the machine itself has the last word.
 */
export function choosePlace(state: QueueState, entry: Entry, places: readonly Place[]): Place | undefined {
  let best: Place | undefined;
  let refusing: Place | undefined;
  let later = false;
  for (const place of places) {
    if (!isCandidate(entry.cls, place)) continue;
    const { fit } = fitOf(state, entry, place);
    if (fit === 'yes') best = best && isBetter(best, place) ? best : place;
    else if (fit === 'refusal') refusing ??= place;
    else if (fit === 'later') later = true;
  }
  if (best) return best;
  return entry.cls.whenSessionBlocked === 'fail' && !later ? refusing : undefined;
}

function isBetter(a: Place, b: Place): boolean {
  const load = (place: Place) => place.runs.length / parallelRuns(place.machine.facts);
  return load(a) !== load(b) ? load(a) < load(b) : a.machine.lastN <= b.machine.lastN;
}
