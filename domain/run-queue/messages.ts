import type { Fence } from '../../contracts/ids';
import type { MachineReport } from '../../contracts/agent-protocol';
import type { Priority } from '../../contracts/runs';
import type { Accounts } from '../sessions/decide-session';
import type { SessionTerms } from '../sessions/session-plan';

/**
 * What the `run-queue` entity (one per machine or group) is told and what it answers. Every command carries `now`
 * (ms, of the calling orchestration; the reducer uses the later of it and its own time). Refusals are values: an entity
 * operation never throws. Each operation of the entity is one command kind; its input is the command.
 */

/** The current right of a run on a machine. `return`, `release` and `stopping` name it and are refused as `stale` otherwise (rule 6). */
export interface GrantRef {
  run: string;
  machine: string;
  fence: Fence;
}

/** A grant as its owner gets it: with what the session rules need (domain/sessions). */
export interface GrantOffer extends GrantRef {
  terms?: SessionTerms | undefined;
}

export interface RequestedRun {
  run: string;
  /** Instance that is told of the grant. */
  owner: string;
  requestedMs: number;
  /** requestedMs + queue timeout; one instant for all waits of the run (row F7). */
  deadlineMs: number;
  priority: Priority;
  mode: 'attended' | 'unattended';
  /** Same-user key (row E1). */
  userKey: string;
  /** Only this machine of the queue will do (row B2). */
  pinned?: string | undefined;
  /** Row C8. */
  whenSessionBlocked?: 'fail' | 'wait' | undefined;
  /** Name of the desktop flow, for the forecast and for people. */
  flow: string;
  /** What the machine runs it with: told with the offer. */
  runner: string;
  requestedBy?: string | undefined;
}

/** A machine as it joins a queue; `lastN` is the last fence number that any queue gave for it in `epoch`. */
export interface JoiningMachine {
  machine: string;
  epoch: number;
  lastN: number;
  online: boolean;
  /** Presence sequence number that `online` was seen at. */
  presenceSeq: number;
  report: MachineReport;
  /** Number of the event that brought `report` (0: unknown). */
  reportSeq?: number | undefined;
  maintenance?: boolean | undefined;
  accounts?: Accounts | undefined;
}

export interface QueueSettings {
  maxEntries: number;
  strictOrder: boolean;
  reuseSession: boolean;
  maintenance: boolean;
  /** Machines that may join (row B2). */
  maxMachines: number;
  /** The queue of a group: without any machine it refuses runs with `GroupIsEmpty`. A machine's own queue lets them wait. */
  group: boolean;
  /** The environment counts unattended bots (row H1): unattended runs start with a bot only. Off: no bot traffic at all. */
  limitedBots: boolean;
}

/** One bot that a queue could use now; capacity serves by priority, then request time. */
export interface BotWant {
  priority: Priority;
  requestedMs: number;
}

type Timed<T> = T & { now: number };

export type QueueCommand = Timed<
  // by runs
  | {
      kind: 'request';
      entry: RequestedRun;
      /** The run was in a queue before (stale return, move): a full queue takes it all the same. */
      again?: boolean | undefined;
    }
  | { kind: 'withdraw'; run: string }
  | {
      kind: 'return';
      grant: GrantRef;
      /** why the machine did not take it; a refusal with a code is shown (F10) */ reason: string;
    }
  /** `ran`: it was executed, so its time counts for the forecast. */
  | { kind: 'release'; grant: GrantRef; outcome: string; ran?: boolean | undefined }
  /** The agent has frozen or thawed the run; it holds its machine all the same. */
  | { kind: 'paused'; grant: GrantRef; paused: boolean; by?: string | undefined }
  // by the courier and the watch
  /** `resend`: hand what is left to the courier once more. */
  | { kind: 'confirm'; upTo: number; resend?: boolean | undefined }
  | { kind: 'stopping'; grant: GrantRef }
  /** Grants older than `silentSinceMs` that are stopping are released (rule 4, row H3). */
  | { kind: 'reconcile'; ended: GrantRef[]; silentBeforeMs: number }
  // by people
  | { kind: 'setPriority'; run: string; priority: Priority; actor: string }
  | { kind: 'moveToTop'; run: string; actor: string }
  | { kind: 'undoMove'; run: string; actor: string }
  | { kind: 'settings'; settings: Partial<QueueSettings>; actor: string }
  | { kind: 'releaseByHand'; machine: string; reason: string; actor: string }
  // by machines (numbers make repeats and reordering harmless: rules 8, 9, 11)
  | { kind: 'attach'; move: number; joining: JoiningMachine; settings?: Partial<QueueSettings> | undefined }
  | { kind: 'detach'; move: number; machine: string }
  | { kind: 'forget'; move: number; machine: string; target: string }
  | { kind: 'presence'; machine: string; epoch: number; online: boolean; seq: number }
  | { kind: 'report'; machine: string; epoch: number; seq: number; report: MachineReport }
  /** Whom a run's user key names on the machine (row E1). */
  | { kind: 'account'; machine: string; epoch: number; userKey: string; id: string }
  | { kind: 'machineMaintenance'; machine: string; on: boolean; actor: string }
  // by unattended-capacity
  | {
      kind: 'bot';
      effect: number;
      count: number;
      /** Another queue waits for a bot: give each back when its run is released, instead of using it again. */
      contended?: boolean | undefined;
    }
>;

export type QueueReply =
  | { kind: 'ok' }
  /** request: waits, or is granted at once; asking again answers alike. */
  | {
      kind: 'queued';
      /** return: the machine is offered this run again from then on; `request` it again at that time to try at once. */
      retryAtMs?: number | undefined;
    }
  | { kind: 'granted'; grant: GrantOffer }
  | { kind: 'full'; limit: number }
  | { kind: 'moved'; target: string; move: number }
  /** withdraw */
  | { kind: 'removed'; waitReason: WaitReason | undefined }
  | { kind: 'unknown' }
  /** return or request: past its deadline */
  | { kind: 'expired'; waitReason: WaitReason | undefined }
  /** names a grant that is not the current one */
  | { kind: 'stale' }
  /** a move's number is older than the last one known, or presence older than seen */
  | { kind: 'old' }
  /** detach: what attach needs; `busy` counts running grants that must be released first */
  | {
      kind: 'detached';
      busy: number;
      lastN: number;
      epoch: number;
      online: boolean;
      presenceSeq: number;
      reportSeq: number;
      maintenance: boolean;
      accounts?: Accounts | undefined;
      /** Setting that a machine keeps when it leaves a group (row D4). */
      reuseSession: boolean;
    }
  | { kind: 'refused'; code: QueueRefusal; detail: string };

export type QueueRefusal =
  | 'NotQueued'
  | 'NotOnTop'
  | 'NoSuchMachine'
  | 'GroupIsEmpty'
  /** attach: the group has `maxMachines` */
  | 'GroupIsFull'
  /** reuse of sessions on a machine where a user may hold several (row D5) */
  | 'SessionReuseNotPossible'
  | 'BadSetting'
  /** not a command at all; nothing changed */
  | 'BadCommand';

/** A run that was paused: by whom, and since when (ms). */
export interface PausedRun {
  readonly sinceMs: number;
  readonly by?: string | undefined;
}

/** Why a run waits right now (rows F4, L2): recomputed at every change, never frozen. */
export type WaitReason =
  | { why: 'behind'; run: string; position: number }
  | { why: 'machineBusy'; run: string; machine: string; paused?: PausedRun | undefined }
  | { why: 'userBusy'; run: string; machine: string }
  | { why: 'offline'; machines: string[] }
  | { why: 'maintenance' }
  | { why: 'noMachine' }
  | { why: 'noBot' }
  | { why: 'sessionBlocked'; code: string; machine: string }
  | { why: 'machineMoving'; machine: string }
  /** The machine gave the run back (`reason`); it is offered again at `untilMs`. */
  | { why: 'refused'; machine: string; reason: string; untilMs: number };

/** What the machine that is granted has to be offered. */
export interface OfferFacts {
  userKey: string;
  runner: string;
  deadlineMs: number;
}

/**
 * Stays in the entity's outbox until confirmed, in order; receivers drop what they have seen (ids rise). The queue's courier
 * delivers it.
 */
export type QueueEffect = { id: number } &
  /** `told`: the reply to its own request has told the owner. */
  (
    | { kind: 'grant'; owner: string; grant: GrantOffer; offer: OfferFacts; told?: true }
    | { kind: 'moved'; owner: string; target: string; move: number }
    /** Replaces what this queue wanted before; `seen` is the last bot effect it had received. */
    | { kind: 'wantBot'; count: number; wants: BotWant[]; seen: number }
    | { kind: 'returnBot'; count: number }
    /**
     * Tell the agent to stop. orphaned: the grant's owner has ended or its machine has registered anew. released: taken away
     * by hand; the grant is gone, and a living owner has to be told.
     */
    | { kind: 'stop'; owner: string; grant: GrantRef; reason: 'orphaned' | 'released' }
    /** Numbered change of this queue, for the feed. */
    | { kind: 'changed'; number: number; atMs: number; change: QueueChange }
  );

export type QueueChange =
  | { what: 'queued'; run: string; priority: Priority; by?: string | undefined }
  | { what: 'granted'; run: string; machine: string }
  | { what: 'returned'; run: string; machine: string; reason: string }
  | { what: 'released'; run: string; machine: string; outcome: string }
  | { what: 'withdrawn'; run: string }
  | { what: 'paused' | 'resumed'; run: string; machine: string; by?: string | undefined }
  | { what: 'priorityChanged'; run: string; actor: string; from: Priority; to: Priority }
  | { what: 'movedToTop' | 'movedBack'; run: string; actor: string }
  | { what: 'machine'; machine: string; change: string; actor?: string | undefined }
  | { what: 'settings'; actor: string };

/** What a queue hands to its courier. */
export interface Shipment {
  /** In outbox order; at most SHIPPED_EFFECTS. */
  effects: QueueEffect[];
  /** They begin with the oldest that is not confirmed. */
  oldest: boolean;
  /** There are more behind them. */
  more: boolean;
}

export const SHIPPED_EFFECTS = 100;

/** What came of an attempt to deliver effects. */
export interface Delivery {
  /** Ids of those that could not be delivered. */
  failed: number[];
  /** Grants whose owner does not exist. An owner that has ended takes its grant without a word; the queue watch finds it. */
  orphans: GrantRef[];
  /** When that was (ms). */
  atMs: number;
}
