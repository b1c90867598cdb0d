import { compareWants } from '../capacity/want-order';
import type { MachineSnapshot, QueueSnapshot, RunningRun, WaitingRun } from '../run-queue/snapshot';
import { sameUser } from '../sessions/decide-session';
import { expectedDuration } from './durations';

/** A queue as it is played forward. */
interface Line {
  snapshot: QueueSnapshot;
  stations: Station[];
  waiting: WaitingRun[];
}

interface Station {
  machine: MachineSnapshot;
  work: Work[];
}

/** A run on a machine; `untilMs` is Infinity when nobody knows how long it takes. */
interface Work {
  userKey: string;
  unattended: boolean;
  untilMs: number;
}

interface Start {
  line: Line;
  run: WaitingRun;
  station: Station;
  work: Work;
}

/**
 * Plays queues forward that share so many bots, with the durations of past runs.
 * @param bots Infinity: they are not counted.
 * @returns when each waiting run starts, in ms since the epoch; what never does is absent.
 */
export function playForward(
  queues: readonly QueueSnapshot[],
  { bots, nowMs }: { bots: number; nowMs: number },
): Map<string, number> {
  const starts = new Map<string, number>();
  const lines = queues.map((snapshot): Line => ({
    snapshot,
    stations: snapshot.machines.map((machine) => stationOf(snapshot, machine, nowMs)),
    waiting: snapshot.waiting.filter((run) => isTimeable(run) || snapshot.settings.strictOrder),
  }));
  for (let at = nowMs; at < Infinity; at = nextMoment(lines, at)) {
    for (const { stations } of lines) {
      for (const station of stations) station.work = station.work.filter((work) => work.untilMs > at);
    }
    startAll(lines, { at, bots, starts });
    for (const line of lines) line.waiting = line.waiting.filter(({ run }) => !starts.has(run));
    if (lines.every(({ waiting }) => waiting.length === 0)) break;
  }
  return starts;
}

/** Whether the queues themselves bring the run to its turn: nobody can time a machine that is away or a session in the way. */
export function isTimeable({ reason }: WaitingRun): boolean {
  return ['behind', 'machineBusy', 'userBusy', 'noBot', 'refused'].includes(reason.why);
}

function stationOf(snapshot: QueueSnapshot, machine: MachineSnapshot, nowMs: number): Station {
  const work = snapshot.running
    .filter((run) => run.grant.machine === machine.machine)
    .map((run) => ({ ...traitsOf(run), untilMs: endOf(snapshot, run, nowMs) }));
  return { machine, work };
}

function traitsOf({ userKey, mode }: RunningRun | WaitingRun): Pick<Work, 'userKey' | 'unattended'> {
  return { userKey, unattended: mode === 'unattended' };
}

/** A run that has taken longer than usual is expected to end any moment; one that is paused, nobody knows when. */
function endOf({ durations }: QueueSnapshot, { flow, grantedMs, paused }: RunningRun, nowMs: number): number {
  const duration = paused ? Infinity : (expectedDuration(durations, flow) ?? Infinity);
  return Math.max(nowMs + 1, grantedMs + duration);
}

/** When something ends next, or a machine may be asked again that gave a run back. */
function nextMoment(lines: readonly Line[], at: number): number {
  let next = Infinity;
  for (const { stations, waiting } of lines) {
    for (const { work } of stations) for (const { untilMs } of work) next = Math.min(next, untilMs);
    for (const run of waiting) if (notBefore(run) > at) next = Math.min(next, notBefore(run));
  }
  return next;
}

function notBefore({ reason }: WaitingRun): number {
  return reason.why === 'refused' ? reason.untilMs : -Infinity;
}

/** Lets all start that can at this moment. Bots go by priority and time requested (row H1); who gets none leaves the machine to others. */
function startAll(
  lines: readonly Line[],
  { at, bots, starts }: { at: number; bots: number; starts: Map<string, number> },
): void {
  const denied = new Set<WaitingRun>();
  for (;;) {
    const used = lines.flatMap(({ stations }) => stations.flatMap(({ work }) => work)).filter(isUnattended);
    const possible = lines.flatMap((line) => startable(line, { at, starts, denied }));
    const wanting = possible.filter(({ work }) => isUnattended(work));
    const free = Math.max(0, bots - used.length);
    const losers =
      wanting.length <= free ? [] : wanting.sort((a, b) => compareWants(a.run, b.run)).slice(free);
    for (const { run } of losers) denied.add(run);
    const stopped = new Set<Line>();
    for (const { line, run, station, work } of possible) {
      if (denied.has(run) && line.snapshot.settings.strictOrder) stopped.add(line);
      if (denied.has(run) || stopped.has(line)) station.work = station.work.filter((other) => other !== work);
      else starts.set(run.run, at);
    }
    if (losers.length === 0) return;
  }
}

function isUnattended({ unattended }: Work): boolean {
  return unattended;
}

/** The runs of one queue that could start at `at` if there were bots enough, in order; they become work of their stations. */
function startable(
  line: Line,
  {
    at,
    starts,
    denied,
  }: { at: number; starts: ReadonlyMap<string, number>; denied: ReadonlySet<WaitingRun> },
): Start[] {
  const { snapshot, stations, waiting } = line;
  const found: Start[] = [];
  let free = stations.filter(hasSlot);
  for (const run of waiting) {
    if (free.length === 0) break;
    if (starts.has(run.run)) continue;
    const may = isTimeable(run) && notBefore(run) <= at && !denied.has(run);
    const station = may ? free.find((candidate) => takes(candidate, run)) : undefined;
    if (station) {
      const duration = expectedDuration(snapshot.durations, run.flow) ?? Infinity;
      const work = { ...traitsOf(run), untilMs: at + Math.max(1, duration) };
      station.work.push(work);
      found.push({ line, run, station, work });
      free = free.filter(hasSlot);
    } else if (snapshot.settings.strictOrder) break;
  }
  return found;
}

function hasSlot({ machine, work }: Station): boolean {
  const open = machine.online && !machine.maintenance && !machine.detaching;
  return open && work.length < machine.slots;
}

function takes({ machine, work }: Station, run: WaitingRun): boolean {
  const pinnedElsewhere = run.pinned !== undefined && run.pinned !== machine.machine;
  return !pinnedElsewhere && !work.some((other) => sameUser(machine.accounts, other.userKey, run.userKey));
}
