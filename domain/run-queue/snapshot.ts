import type { Priority } from '../../contracts/runs';
import { parallelRuns } from '../sessions/session-tables';
import type { Accounts, SessionFacts } from '../sessions/decide-session';
import type { GrantRef, PausedRun, QueueSettings, WaitReason } from './messages';
import { nextToRun } from './next-to-run';
import { waitReasons } from './reasons';
import type { Entry, Grant, Machine, QueueState } from './state';
import { grantRef } from './state';

/** A queue as people see it (row F4). Times in ms. */
export interface QueueSnapshot {
  atMs: number;
  /** Number of the last change: readers of the feed go on from it. */
  change: number;
  settings: QueueSettings;
  /** In the order of execution. */
  waiting: WaitingRun[];
  running: RunningRun[];
  machines: MachineSnapshot[];
  /** Latest durations of each desktop flow, oldest first. */
  durations: Readonly<Record<string, readonly number[]>>;
}

interface SnapshotRun {
  run: string;
  owner: string;
  priority: Priority;
  mode: 'attended' | 'unattended';
  userKey: string;
  flow: string;
  pinned?: string | undefined;
  requestedBy?: string | undefined;
  requestedMs: number;
  deadlineMs: number;
}

export interface WaitingRun extends SnapshotRun {
  /** From 1. */
  position: number;
  /** The run that starts when the next slot becomes free (row F2). */
  next: boolean;
  movedToTop: boolean;
  reason: WaitReason;
}

export interface RunningRun extends SnapshotRun {
  grant: GrantRef;
  grantedMs: number;
  /** Its owner has ended; the agent has been told to stop. */
  stopping: boolean;
  paused?: PausedRun | undefined;
}

export interface MachineSnapshot {
  machine: string;
  epoch: number;
  online: boolean;
  presenceSeq: number;
  maintenance: boolean;
  detaching: boolean;
  /** Number of the last move that touched it here. */
  move: number;
  runs: string[];
  /** How many runs it executes at once. */
  slots: number;
  facts: SessionFacts;
  accounts: Accounts;
}

export function queueSnapshot(state: QueueState): QueueSnapshot {
  const next = nextToRun(state);
  return {
    atMs: state.timeMs,
    change: state.lastChange,
    settings: state.settings,
    waiting: waitReasons(state).map(({ entry, reason }, index) => ({
      ...runOf(entry),
      position: index + 1,
      next: entry.run === next,
      movedToTop: entry.top > 0,
      reason,
    })),
    running: state.grants.map(runningOf),
    machines: state.machines.map((machine) => machineOf(state, machine)),
    durations: state.durations,
  };
}

function runOf(entry: Entry): SnapshotRun {
  const { priority, mode, userKey, flow, pinned, requestedBy } = entry.cls;
  return {
    run: entry.run,
    owner: entry.owner,
    priority,
    mode,
    userKey,
    flow,
    pinned,
    requestedBy,
    requestedMs: entry.requestedMs,
    deadlineMs: entry.deadlineMs,
  };
}

function runningOf(grant: Grant): RunningRun {
  return {
    ...runOf(grant.entry),
    grant: grantRef(grant),
    grantedMs: grant.grantedMs,
    stopping: grant.stoppingMs !== undefined,
    ...(grant.paused ? { paused: grant.paused } : {}),
  };
}

function machineOf(state: QueueState, machine: Machine): MachineSnapshot {
  const { epoch, online, presenceSeq, maintenance, detaching, move, facts, accounts = {} } = machine;
  return {
    machine: machine.machine,
    epoch,
    online,
    presenceSeq,
    maintenance,
    detaching,
    move,
    runs: state.grants.filter((grant) => grant.machine === machine.machine).map((grant) => grant.entry.run),
    slots: parallelRuns(facts),
    facts,
    accounts,
  };
}
