import type { PausedRun, QueueEffect, QueueSettings } from './messages';
import type { ClassRow } from './class-table';
import { ClassTable, readClasses } from './class-table';
import type { BotAccount, Entry, Grant, Machine, QueueState, Refusal } from './state';
import { defaultSettings } from './state';

/**
 * A queue as the entity stores it: parsed and written with every operation, so each entry is five plain values
 * (at most 64 bytes) in one flat list, and what entries have in common stands once in `classes`.
 */
export interface StoredQueue {
  v: 1;
  time: number;
  settings: Partial<QueueSettings>;
  /** Texts that classes refer to by their place. */
  texts: string[];
  classes: ClassRow[];
  /** Request time and arrival that those in `entries` count from. */
  base: [requestedMs: number, arrival: number];
  /** run, class, requested, timeout, arrival; then the next. Waiting runs first, then those that hold a machine. */
  entries: (string | number)[];
  /** For each of the last entries: machine, epoch, n, granted at, stopping since (0: is not). */
  grants: (string | number)[];
  /** Of the few grants whose run is paused: place in `grants`, and since when by whom. */
  paused: [grant: number, PausedRun][];
  /** Of the few entries that have it: place in `entries`, owner (0: the run itself), top, refusals. */
  extras: [entry: number, owner: string | 0, top: number, refusals: readonly Refusal[]][];
  machines: Machine[];
  forgotten: QueueState['forgotten'];
  /** lastN, lastArrival, lastTop, lastEffect, lastChange */
  counters: [number, number, number, number, number];
  bots: BotAccount;
  outbox: QueueEffect[];
  durations: QueueState['durations'];
}

const ENTRY_WIDTH = 5;
const GRANT_WIDTH = 5;

export function encodeQueue(state: QueueState): StoredQueue {
  const all = [...state.entries, ...state.grants.map((grant) => grant.entry)];
  const table = new ClassTable();
  const base: StoredQueue['base'] = [lowest(all, 'requestedMs'), lowest(all, 'arrival')];
  const entries: StoredQueue['entries'] = [];
  const extras: StoredQueue['extras'] = [];
  all.forEach((entry, index) => {
    const { run, requestedMs, deadlineMs, arrival, owner, top, refusals } = entry;
    entries.push(
      run,
      table.add(entry.cls),
      requestedMs - base[0],
      deadlineMs - requestedMs,
      arrival - base[1],
    );
    if (owner !== run || top !== 0 || refusals.length > 0) {
      extras.push([index, owner === run ? 0 : owner, top, refusals]);
    }
  });
  return {
    v: 1,
    time: state.timeMs,
    settings: state.settings,
    texts: table.texts,
    classes: table.rows,
    base,
    entries,
    grants: state.grants.flatMap(encodeGrant),
    paused: state.grants.flatMap(({ paused }, index): StoredQueue['paused'] =>
      paused ? [[index, paused]] : [],
    ),
    extras,
    machines: state.machines,
    forgotten: state.forgotten,
    counters: [state.lastN, state.lastArrival, state.lastTop, state.lastEffect, state.lastChange],
    bots: state.bots,
    outbox: state.outbox,
    durations: state.durations,
  };
}

function lowest(entries: readonly Entry[], field: 'requestedMs' | 'arrival'): number {
  let low = Infinity;
  for (const entry of entries) low = Math.min(low, entry[field]);
  return low === Infinity ? 0 : low;
}

function encodeGrant({ machine, fence, grantedMs, stoppingMs }: Grant): (string | number)[] {
  return [machine, fence.epoch, fence.n, grantedMs, stoppingMs ?? 0];
}

export function decodeQueue(stored: StoredQueue): QueueState {
  const all = decodeEntries(stored);
  const waiting = all.length - stored.grants.length / GRANT_WIDTH;
  const paused = new Map(stored.paused);
  const [lastN, lastArrival, lastTop, lastEffect, lastChange] = stored.counters;
  return {
    timeMs: stored.time,
    settings: { ...defaultSettings, ...stored.settings },
    entries: all.slice(0, waiting),
    grants: all
      .slice(waiting)
      .map((entry, index) => decodeGrant(stored, entry, { index, paused: paused.get(index) })),
    machines: stored.machines,
    forgotten: stored.forgotten,
    lastN,
    lastArrival,
    lastTop,
    bots: stored.bots,
    outbox: stored.outbox,
    lastEffect,
    lastChange,
    durations: stored.durations,
  };
}

const none: readonly Refusal[] = [];

function decodeEntries({ entries, classes: rows, texts, base, extras }: StoredQueue): Entry[] {
  const classes = readClasses(rows, texts);
  const extraOf = new Map(extras.map((extra) => [extra[0], extra]));
  const all: Entry[] = [];
  for (let at = 0; at < entries.length; at += ENTRY_WIDTH) {
    const run = String(entries[at]);
    const cls = classes[Number(entries[at + 1])];
    if (!cls) throw new Error(`The stored queue lacks the class of run ${run}.`);
    const requestedMs = base[0] + Number(entries[at + 2]);
    const [, owner, top, refusals] = extraOf.get(at / ENTRY_WIDTH) ?? noExtra;
    all.push({
      run,
      owner: owner === 0 ? run : owner,
      requestedMs,
      deadlineMs: requestedMs + Number(entries[at + 3]),
      arrival: base[1] + Number(entries[at + 4]),
      top,
      cls,
      refusals,
    });
  }
  return all;
}

const noExtra: StoredQueue['extras'][number] = [0, 0, 0, none];

function decodeGrant(
  stored: StoredQueue,
  entry: Entry,
  { index, paused }: { index: number; paused: PausedRun | undefined },
): Grant {
  const at = index * GRANT_WIDTH;
  const number = (offset: number) => Number(stored.grants[at + offset]);
  return {
    entry,
    machine: String(stored.grants[at]),
    fence: { epoch: number(1), n: number(2) },
    grantedMs: number(3),
    stoppingMs: number(4) === 0 ? undefined : number(4),
    ...(paused ? { paused } : {}),
  };
}
