import type { WaitReason } from './messages';
import { botsInUse } from './granting';
import type { Fit, Place } from './places';
import { fitOf, isCandidate, placesOf } from './places';
import type { Entry, QueueState } from './state';

/** Why this run waits right now (rows F4, L2), or undefined when it does not wait here. */
export function waitReason(state: QueueState, run: string): WaitReason | undefined {
  return waitReasons(state, run).at(-1)?.reason;
}

/** Why each run waits, in queue order; up to and with `last` when it is given (none when it does not wait). */
export function waitReasons(state: QueueState, last?: string): { entry: Entry; reason: WaitReason }[] {
  const count =
    last === undefined ? state.entries.length : 1 + state.entries.findIndex((e) => e.run === last);
  const places = placesOf(state);
  const ahead = new Map<string, string>();
  return state.entries.slice(0, count).map((entry, index) => {
    const reason = reasonOf({ state, entry, position: index + 1, places, ahead });
    if (reason.why === 'machineBusy' || reason.why === 'behind' || reason.why === 'noBot') {
      for (const place of places)
        if (isCandidate(entry.cls, place)) ahead.set(place.machine.machine, entry.run);
    }
    return { entry, reason };
  });
}

interface Question {
  state: QueueState;
  entry: Entry;
  position: number;
  places: readonly Place[];
  /** The last run before this one that waits for the machine. */
  ahead: ReadonlyMap<string, string>;
}

/** The reason that has to go first: nobody else's end helps a run whose machine is away. */
function reasonOf(question: Question): WaitReason {
  const { state, entry, places } = question;
  const fits = places
    .filter((place) => isCandidate(entry.cls, place))
    .map((place) => ({ place, fit: fitOf(state, entry, place) }));
  if (fits.length === 0) return { why: 'noMachine' };
  const open = fits.filter(({ fit }) => fit.fit !== 'closed');
  return open.length === 0 ? closedReason(fits) : openReason(question, open);
}

type Candidate = { place: Place; fit: Fit };

function closedReason(fits: readonly Candidate[]): WaitReason {
  const because = (why: string) => fits.filter(({ fit }) => fit.fit === 'closed' && fit.why === why);
  const offline = because('offline').map(({ place }) => place.machine.machine);
  if (offline.length > 0) return { why: 'offline', machines: offline };
  const moving = because('moving')[0];
  return moving && because('maintenance').length === 0
    ? { why: 'machineMoving', machine: moving.place.machine.machine }
    : { why: 'maintenance' };
}

function openReason(question: Question, open: readonly Candidate[]): WaitReason {
  const { state, entry, ahead, position } = question;
  if (open.some(({ fit }) => fit.fit === 'yes' || sentToBeRefused(entry, fit)))
    return readyReason(question, open);
  const busy = open.filter(({ fit }) => fit.fit === 'later' && fit.why === 'slot');
  const first = busy[0];
  const holder = first?.place.runs[0];
  if (first && holder) {
    const before = busy.map(({ place }) => ahead.get(place.machine.machine));
    const competitor = before.every((run) => run !== undefined) ? before[0] : undefined;
    return competitor === undefined
      ? { why: 'machineBusy', run: holder.entry.run, machine: first.place.machine.machine }
      : { why: 'behind', run: competitor, position };
  }
  return ownReason(state, entry, open);
}

/** A run that would rather fail than wait goes even to a machine that refuses it, but never waits there. */
function sentToBeRefused(entry: Entry, fit: Fit): boolean {
  return fit.fit === 'refusal' && entry.cls.whenSessionBlocked === 'fail';
}

/** A machine is free for it: it lacks a bot, or strict order holds it behind the head of the line. */
function readyReason({ state, entry, position }: Question, open: readonly Candidate[]): WaitReason {
  const later = open.find(({ fit }) => fit.fit === 'later');
  const free = open.some(({ fit }) => fit.fit === 'yes');
  if (!free && later) return ownReason(state, entry, [later]);
  const head = state.entries[0];
  if (state.settings.strictOrder && head && head !== entry) return { why: 'behind', run: head.run, position };
  if (lacksBot(state, entry)) return { why: 'noBot' };
  const holder = open[0];
  return head && head !== entry
    ? { why: 'behind', run: head.run, position }
    : { why: 'offline', machines: holder ? [holder.place.machine.machine] : [] };
}

function lacksBot(state: QueueState, entry: Entry): boolean {
  return (
    entry.cls.mode === 'unattended' && state.settings.limitedBots && state.bots.held - botsInUse(state) <= 0
  );
}

/** What keeps this run alone: its user, the sessions on the machine, the machine's own refusal. */
function ownReason(state: QueueState, entry: Entry, open: readonly Candidate[]): WaitReason {
  for (const { place, fit } of open) {
    const machine = place.machine.machine;
    if (fit.fit === 'refusal') return { why: 'sessionBlocked', code: fit.code, machine };
    if (fit.fit !== 'later') continue;
    if (fit.why === 'session') return { why: 'sessionBlocked', code: 'TooManyActiveSessions', machine };
    const same = place.runs.find((run) => run.entry.cls.userKey === entry.cls.userKey);
    if (fit.why === 'user' && same) return { why: 'userBusy', run: same.entry.run, machine };
    const refusal = entry.refusals.find((r) => r.machine === machine && r.untilMs > state.timeMs);
    if (fit.why === 'refused' && refusal) return { why: 'refused', ...refusal };
    const holder = place.runs[0];
    if (holder) return { why: 'machineBusy', run: holder.entry.run, machine };
  }
  return { why: 'noMachine' };
}
