import type { MachineSnapshot, QueueSnapshot, WaitingRun } from '../run-queue/snapshot';
import { sameUser } from '../sessions/decide-session';
import { expectedDuration } from './durations';

/**
 * When each waiting run is expected to start, in ms since the epoch (rows F4, L2): plays the queue forward with the durations
 * of past runs. Runs whose obstacle nobody can time (machine away, blocked session, no bot) are absent, and so is what waits
 * behind work of unknown length.
 */
export function expectedStarts(snapshot: QueueSnapshot, nowMs: number): Map<string, number> {
  const starts = new Map<string, number>();
  const stations = snapshot.machines.filter(isOpen).map((machine) => stationOf(snapshot, machine, nowMs));
  let waiting = snapshot.waiting.filter(isTimeable);
  for (let at = nowMs; at < Infinity && waiting.length > 0; at = nextEnd(stations)) {
    for (const station of stations) station.work = station.work.filter((work) => work.untilMs > at);
    const started = startAll({ snapshot, stations, waiting, at });
    for (const run of started) starts.set(run.run, at);
    if (started.size > 0) waiting = waiting.filter((run) => !started.has(run));
  }
  return starts;
}

interface Station {
  machine: MachineSnapshot;
  work: Work[];
}

/** A run on a machine; `untilMs` is Infinity when nobody knows how long it takes. */
interface Work {
  userKey: string;
  untilMs: number;
}

function isOpen(machine: MachineSnapshot): boolean {
  return machine.online && !machine.maintenance && !machine.detaching;
}

/** A run that has taken longer than usual is expected to end any moment. */
function stationOf(snapshot: QueueSnapshot, machine: MachineSnapshot, nowMs: number): Station {
  const work = snapshot.running
    .filter((run) => run.grant.machine === machine.machine)
    .map(({ userKey, flow, grantedMs }) => {
      const duration = expectedDuration(snapshot.durations, flow) ?? Infinity;
      return { userKey, untilMs: Math.max(nowMs + 1, grantedMs + duration) };
    });
  return { machine, work };
}

function isTimeable({ reason }: WaitingRun): boolean {
  return reason.why === 'behind' || reason.why === 'machineBusy' || reason.why === 'userBusy';
}

function nextEnd(stations: readonly Station[]): number {
  return Math.min(Infinity, ...stations.flatMap(({ work }) => work.map(({ untilMs }) => untilMs)));
}

/** The runs that start at `at`, in order; they become work of their stations. */
function startAll(moment: {
  snapshot: QueueSnapshot;
  stations: readonly Station[];
  waiting: readonly WaitingRun[];
  at: number;
}): Set<WaitingRun> {
  const { snapshot, stations, waiting, at } = moment;
  const started = new Set<WaitingRun>();
  let free = stations.filter(hasSlot);
  for (const run of waiting) {
    if (free.length === 0) break;
    const station = free.find((candidate) => takes(candidate, run));
    if (station) {
      const duration = expectedDuration(snapshot.durations, run.flow) ?? Infinity;
      station.work.push({ userKey: run.userKey, untilMs: at + Math.max(1, duration) });
      started.add(run);
      free = free.filter(hasSlot);
    } else if (snapshot.settings.strictOrder) break;
  }
  return started;
}

function hasSlot({ machine, work }: Station): boolean {
  return work.length < machine.slots;
}

function takes({ machine, work }: Station, run: WaitingRun): boolean {
  const pinnedElsewhere = run.pinned !== undefined && run.pinned !== machine.machine;
  return !pinnedElsewhere && !work.some((other) => sameUser(machine.accounts, other.userKey, run.userKey));
}
