import type { BotWant } from './messages';
import { emit, tell } from './outbox';
import type { Place } from './places';
import { choosePlace, hasSlot, isOpen, placesOf } from './places';
import type { Entry, EntryClass, QueueState } from './state';
import { grantOffer } from './state';

/** Unattended runs that hold a machine: bots are counted by grant (row H1). */
export function botsInUse(state: QueueState): number {
  let count = 0;
  for (const grant of state.grants) if (grant.entry.cls.mode === 'unattended') count += 1;
  return count;
}

export function freeBots(state: QueueState): number {
  return state.settings.limitedBots ? state.bots.held - botsInUse(state) : Infinity;
}

/** Grants all that can start now, in order; then asks for the bots that would let more start and gives back the others. */
export function grantAll(state: QueueState): void {
  const places = placesOf(state);
  const starting = assign(state, places, freeBots(state));
  for (const { entry, place } of starting) grant(state, entry, place.machine.machine);
  if (starting.length > 0) {
    const gone = new Set(starting.map(({ entry }) => entry));
    state.entries = state.entries.filter((entry) => !gone.has(entry));
  }
  if (state.settings.limitedBots) settleBots(state, places);
  else if (state.bots.held > 0 || state.bots.wants.length > 0) giveUpBots(state);
}

interface Assignment {
  entry: Entry;
  place: Place;
}

/**
 * The runs that can start with `bots` free bots, in order. One pass is enough: starting a run only takes machines and bots,
 * so whoever could not start before cannot after. Adds to each place what it takes.
 */
function assign(state: QueueState, places: readonly Place[], bots: number): Assignment[] {
  const result: Assignment[] = [];
  const hopeless = new Set<EntryClass>();
  let open = places.filter((place) => isOpen(state, place) && hasSlot(place)).length;
  let left = bots;
  for (const entry of state.entries) {
    if (open === 0) break;
    if (entry.deadlineMs <= state.timeMs) continue;
    if (!hopeless.has(entry.cls)) {
      const unattended = entry.cls.mode === 'unattended';
      const place = unattended && left <= 0 ? undefined : choosePlace(state, entry, places);
      if (place) {
        place.runs.push({ entry, machine: place.machine.machine });
        result.push({ entry, place });
        if (!hasSlot(place)) open -= 1;
        if (unattended) left -= 1;
        continue;
      }
      if (entry.refusals.length === 0) hopeless.add(entry.cls);
    }
    if (state.settings.strictOrder) break;
  }
  return result;
}

/** The fence number grows over queues and machines alike, so also when the machine moves (row L4). */
function grant(state: QueueState, entry: Entry, machineId: string): void {
  const index = state.machines.findIndex(({ machine }) => machine === machineId);
  const machine = state.machines[index];
  if (!machine) return;
  const n = Math.max(state.lastN, machine.lastN) + 1;
  state.lastN = n;
  state.machines[index] = { ...machine, lastN: n };
  const granted = {
    entry,
    machine: machineId,
    fence: { epoch: machine.epoch, n },
    grantedMs: state.timeMs,
    stoppingMs: undefined,
  };
  state.grants.push(granted);
  const { deadlineMs, cls } = entry;
  const offer = { userKey: cls.userKey, runner: cls.runner, deadlineMs };
  emit(state, { kind: 'grant', owner: entry.owner, grant: grantOffer(state, granted), offer });
  tell(state, { what: 'granted', run: entry.run, machine: machineId });
}

/** No bot is held by a run that waits: what nothing startable needs goes back at once. `places` is taken over. */
function settleBots(state: QueueState, places: readonly Place[]): void {
  const free = freeBots(state);
  if (free > 0) {
    state.bots = { ...state.bots, held: state.bots.held - free };
    emit(state, { kind: 'returnBot', count: free });
  }
  const wants = [...overdrawn(-free), ...startableWithBots(state, places)];
  if (!sameWants(wants, state.bots.wants)) want(state, wants);
}

/** Runs that started before bots were counted have a bot to come. */
function overdrawn(count: number): BotWant[] {
  return Array.from({ length: Math.max(0, count) }, () => ({ priority: 'high', requestedMs: 0 }));
}

function startableWithBots(state: QueueState, places: readonly Place[]): BotWant[] {
  return assign(state, places, Infinity)
    .filter(({ entry }) => entry.cls.mode === 'unattended')
    .map(({ entry }) => ({ priority: entry.cls.priority, requestedMs: entry.requestedMs }));
}

function sameWants(a: readonly BotWant[], b: readonly BotWant[]): boolean {
  return (
    a.length === b.length &&
    a.every((want, i) => want.priority === b[i]?.priority && want.requestedMs === b[i]?.requestedMs)
  );
}

function want(state: QueueState, wants: BotWant[]): void {
  state.bots = { ...state.bots, wants };
  emit(state, { kind: 'wantBot', count: wants.length, wants, seen: state.bots.seen });
}

function giveUpBots(state: QueueState): void {
  const { held, wants } = state.bots;
  state.bots = { ...state.bots, held: 0 };
  if (held > 0) emit(state, { kind: 'returnBot', count: held });
  if (wants.length > 0) want(state, []);
}
