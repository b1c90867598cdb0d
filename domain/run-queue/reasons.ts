import { sameUser } from '../sessions/decide-session';
import { freeBots } from './granting';
import type { WaitReason } from './messages';
import type { Fit, Place } from './places';
import { fitOf, isCandidate, placesOf } from './places';
import type { Entry, QueueState } from './state';

/** Why this run waits right now (rows F4, L2), or undefined when it does not wait here. */
export function waitReason(state: QueueState, run: string): WaitReason | undefined {
  const index = state.entries.findIndex((entry) => entry.run === run);
  return waitReasons(state, index + 1).at(-1)?.reason;
}

/** Why each of the first `count` runs waits, in queue order. */
export function waitReasons(
  state: QueueState,
  count = state.entries.length,
): { entry: Entry; reason: WaitReason }[] {
  const places = placesOf(state);
  const ahead = new Map<string, string>();
  return state.entries.slice(0, count).map((entry, index) => {
    const candidates = places.filter((place) => isCandidate(entry.cls, place));
    const reason = reasonOf({ state, entry, position: index + 1, candidates, ahead });
    if (reason.why === 'machineBusy' || reason.why === 'behind') {
      for (const { machine } of candidates) ahead.set(machine.machine, entry.run);
    }
    return { entry, reason };
  });
}

interface Question {
  state: QueueState;
  entry: Entry;
  position: number;
  /** Machines that the run may use at all. */
  candidates: readonly Place[];
  /** The last run before this one that waits for the machine. */
  ahead: ReadonlyMap<string, string>;
}

type Found<F extends Fit['fit']> = { place: Place; fit: Extract<Fit, { fit: F }> };

/** The obstacle that has to go first: nobody else's end helps a run whose machine is away. */
function reasonOf(question: Question): WaitReason {
  const { state, entry, candidates } = question;
  if (candidates.length === 0) return { why: 'noMachine' };
  const found = candidates.map((place) => ({ place, fit: fitOf(state, entry, place) }));
  const closed = found.filter((f): f is Found<'closed'> => f.fit.fit === 'closed');
  if (closed.length === candidates.length) return closedReason(closed);
  const later = found.filter((f): f is Found<'later'> => f.fit.fit === 'later');
  const refusals = found.filter((f): f is Found<'refusal'> => f.fit.fit === 'refusal');
  const sentThere = refusals.length > 0 && later.length === 0 && entry.cls.whenSessionBlocked === 'fail';
  if (sentThere || found.some(({ fit }) => fit.fit === 'yes')) return heldBackReason(question);
  const busy = later.filter(({ fit }) => fit.why === 'slot');
  if (busy.length > 0) return busyReason(question, busy);
  return laterReason(question, later) ?? blockedReason(refusals);
}

function closedReason(closed: readonly Found<'closed'>[]): WaitReason {
  const because = (why: string) =>
    closed.filter(({ fit }) => fit.why === why).map(({ place }) => place.machine.machine);
  const offline = because('offline');
  if (offline.length > 0) return { why: 'offline', machines: offline };
  const moving = because('moving')[0];
  return moving !== undefined && because('maintenance').length === 0
    ? { why: 'machineMoving', machine: moving }
    : { why: 'maintenance' };
}

/** A machine is free for it, yet it was not granted. */
function heldBackReason({ state, entry, position }: Question): WaitReason {
  const head = state.entries[0];
  if (state.settings.strictOrder && head && head !== entry) return { why: 'behind', run: head.run, position };
  if (entry.cls.mode === 'unattended' && freeBots(state) <= 0) return { why: 'noBot' };
  const last = entry.refusals.at(-1);
  // Left are runs past their deadline: they are not granted, whatever is free.
  return last ? { why: 'refused', ...last } : { why: 'noMachine' };
}

/** Behind the run before it that waits for the same machines; the first of these waits for the machine itself. */
function busyReason({ ahead, position }: Question, busy: readonly Found<'later'>[]): WaitReason {
  for (const { place } of busy) {
    const machine = place.machine.machine;
    const holder = place.runs[0];
    if (!holder || ahead.has(machine)) continue;
    const { paused, entry } = holder;
    return { why: 'machineBusy', run: entry.run, machine, ...(paused ? { paused } : {}) };
  }
  const before = busy.map(({ place }) => ahead.get(place.machine.machine)).find((run) => run !== undefined);
  return before === undefined ? { why: 'noMachine' } : { why: 'behind', run: before, position };
}

/** Its user, its session or a machine's refusal keeps this run alone. */
function laterReason({ state, entry }: Question, later: readonly Found<'later'>[]): WaitReason | undefined {
  for (const { place, fit } of later) {
    const machine = place.machine.machine;
    if (fit.why === 'session') return { why: 'sessionBlocked', code: 'TooManyActiveSessions', machine };
    const { accounts = {} } = place.machine;
    const same = place.runs.find((run) => sameUser(accounts, run.entry.cls.userKey, entry.cls.userKey));
    if (fit.why === 'user' && same) return { why: 'userBusy', run: same.entry.run, machine };
    const refusal = entry.refusals.find((r) => r.machine === machine && r.untilMs > state.timeMs);
    if (fit.why === 'refused' && refusal) return { why: 'refused', ...refusal };
  }
  return undefined;
}

function blockedReason(refusals: readonly Found<'refusal'>[]): WaitReason {
  const first = refusals[0];
  return first
    ? { why: 'sessionBlocked', code: first.fit.code, machine: first.place.machine.machine }
    : { why: 'noMachine' };
}
