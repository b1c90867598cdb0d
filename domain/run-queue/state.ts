import type { MachineReport } from '../../contracts/agent-protocol';
import type { Priority } from '../../contracts/runs';
import type { Accounts, SessionFacts } from '../sessions/decide-session';
import type {
  BotWant,
  GrantOffer,
  GrantRef,
  PausedRun,
  QueueEffect,
  QueueSettings,
  RequestedRun,
} from './messages';
import type { Fence } from '../../contracts/ids';

/** What many entries have in common; entries that share it share one object, so that it is stored once. */
export interface EntryClass {
  readonly priority: Priority;
  readonly mode: 'attended' | 'unattended';
  readonly userKey: string;
  readonly pinned: string | undefined;
  readonly whenSessionBlocked: 'fail' | 'wait';
  readonly flow: string;
  readonly runner: string;
  readonly requestedBy: string | undefined;
}

/** A machine that gave the run back; it is not offered the run again before `untilMs`. */
export interface Refusal {
  readonly machine: string;
  readonly reason: string;
  readonly untilMs: number;
}

/** A run in the queue. Never changed, only replaced; it keeps its times over grants, returns and moves. */
export interface Entry {
  readonly run: string;
  readonly owner: string;
  readonly requestedMs: number;
  readonly deadlineMs: number;
  /** Order of arrival among equal request times. */
  readonly arrival: number;
  /** 0, or the number of the move to the top; the last one moved is first (row F6). */
  readonly top: number;
  readonly cls: EntryClass;
  readonly refusals: readonly Refusal[];
}

/** A run that holds a machine. `stoppingMs`: nobody owns it any more, the agent has been told to stop (rule 4). */
export interface Grant {
  readonly entry: Entry;
  readonly machine: string;
  readonly fence: Fence;
  readonly grantedMs: number;
  readonly stoppingMs: number | undefined;
  readonly paused?: PausedRun | undefined;
}

export interface Machine {
  readonly machine: string;
  readonly epoch: number;
  readonly lastN: number;
  readonly online: boolean;
  readonly presenceSeq: number;
  readonly reportSeq: number;
  readonly maintenance: boolean;
  /** Leaving: nothing more is granted. */
  readonly detaching: boolean;
  /** Number of the last move that touched it here (rule 8). */
  readonly move: number;
  readonly facts: SessionFacts;
  /** Row E1: whom user keys name there, the latest last. */
  readonly accounts?: Accounts | undefined;
}

export interface QueueState {
  /** The latest `now` that any caller gave. */
  timeMs: number;
  settings: QueueSettings;
  /** In queue order. */
  entries: Entry[];
  grants: Grant[];
  machines: Machine[];
  /** Machines that are not here: number of the last move, and where they went ('': they never came; rules 8, 9). */
  forgotten: Readonly<Record<string, { readonly move: number; readonly target: string }>>;
  /** Last fence number of this queue; only grows. */
  lastN: number;
  lastArrival: number;
  lastTop: number;
  bots: BotAccount;
  outbox: QueueEffect[];
  lastEffect: number;
  lastChange: number;
  /** Latest durations of each desktop flow, oldest first, in ms (for the forecast). */
  durations: Readonly<Record<string, readonly number[]>>;
}

/** Bots lent to this queue (row H1). Each is in use, but within an operation. */
export interface BotAccount {
  readonly held: number;
  /** Highest effect of unattended-capacity that was received. */
  readonly seen: number;
  readonly contended: boolean;
  /** The demand that was told last. */
  readonly wants: readonly BotWant[];
}

export const defaultSettings: QueueSettings = {
  maxEntries: 500,
  strictOrder: false,
  reuseSession: false,
  maintenance: false,
  maxMachines: 50,
  group: false,
  limitedBots: false,
};

export function emptyQueue(): QueueState {
  return {
    timeMs: 0,
    settings: defaultSettings,
    entries: [],
    grants: [],
    machines: [],
    forgotten: {},
    lastN: 0,
    lastArrival: 0,
    lastTop: 0,
    bots: { held: 0, seen: 0, contended: false, wants: [] },
    outbox: [],
    lastEffect: 0,
    lastChange: 0,
    durations: {},
  };
}

export function grantRef(grant: Grant): GrantRef {
  return { run: grant.entry.run, machine: grant.machine, fence: grant.fence };
}

/** The grant with what the session rules need to know of its machine. */
export function grantOffer(state: QueueState, grant: Grant): GrantOffer {
  const facts = findMachine(state, grant.machine)?.facts;
  if (!facts) return grantRef(grant);
  const { os, multipleSessionsPerUser } = facts;
  return { ...grantRef(grant), terms: { os, reuse: state.settings.reuseSession, multipleSessionsPerUser } };
}

export function sameGrant(a: GrantRef, b: GrantRef): boolean {
  return (
    a.run === b.run && a.machine === b.machine && a.fence.epoch === b.fence.epoch && a.fence.n === b.fence.n
  );
}

export function findGrant(state: QueueState, run: string): Grant | undefined {
  return state.grants.find((grant) => grant.entry.run === run);
}

export function findMachine(state: QueueState, machine: string): Machine | undefined {
  return state.machines.find((known) => known.machine === machine);
}

export function sessionFacts(report: MachineReport): SessionFacts {
  return {
    os: report.os,
    maxSessions: report.maxSessions,
    rds: report.rds,
    multipleSessionsPerUser: report.multipleSessionsPerUser,
    sessions: report.sessions.map(({ userKey, aliases, account, state }) => ({
      userKey,
      ...(aliases ? { aliases } : {}),
      ...(account === undefined ? {} : { account }),
      state,
    })),
  };
}

/** The class of a run, shared with an entry that is like it. */
export function classOf(state: QueueState, run: RequestedRun): EntryClass {
  return sharedClass(state, {
    priority: run.priority,
    mode: run.mode,
    userKey: run.userKey,
    pinned: run.pinned,
    whenSessionBlocked: run.whenSessionBlocked ?? 'fail',
    flow: run.flow,
    runner: run.runner,
    requestedBy: run.requestedBy,
  });
}

export function sharedClass(state: QueueState, cls: EntryClass): EntryClass {
  const like = (known: EntryClass) =>
    known.userKey === cls.userKey &&
    known.flow === cls.flow &&
    known.runner === cls.runner &&
    known.priority === cls.priority &&
    known.mode === cls.mode &&
    known.pinned === cls.pinned &&
    known.whenSessionBlocked === cls.whenSessionBlocked &&
    known.requestedBy === cls.requestedBy;
  return (
    state.entries.find((entry) => like(entry.cls))?.cls ??
    state.grants.find((grant) => like(grant.entry.cls))?.entry.cls ??
    cls
  );
}

/** Does somebody have to look after this queue from time to time: grants, undelivered effects, runs that pause (rule 7)? */
export function needsWatch(state: QueueState): boolean {
  return (
    state.grants.length > 0 ||
    state.outbox.length > 0 ||
    state.entries.some((entry) => entry.refusals.some((refusal) => refusal.untilMs > state.timeMs))
  );
}
