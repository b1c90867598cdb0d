import type { AgentEventBody, AgentEventKind, StopMode } from '../../contracts/agent-protocol';
import type { Fence } from '../../contracts/ids';
import type { MaybeSealed } from '../../contracts/sealed-values';
import type { Outcomes } from '../flows/outcome';
import type { VariableChanges } from '../flows/variables';
import type { GrantOffer, GrantRef } from '../run-queue/messages';

/** The one external event that orchestrations of runs listen to. */
export const INBOX = 'inbox';

/** Kinds of agent events that an orchestration hears of; log lines, progress and heartbeats go elsewhere. */
export type RunEventKind = Extract<
  AgentEventKind,
  'accepted' | 'refused' | 'started' | 'paused' | 'resumed' | 'notPaused' | 'done' | 'never'
>;

const runEventKinds: ReadonlySet<string> = new Set<RunEventKind>([
  'accepted',
  'refused',
  'started',
  'paused',
  'resumed',
  'notPaused',
  'done',
  'never',
]);
export function isRunEventKind(kind: AgentEventKind): kind is RunEventKind {
  return runEventKinds.has(kind);
}

/** An agent event after its signature and sender were checked. */
export type AgentMessage = {
  [K in RunEventKind]: {
    kind: 'agent';
    event: K;
    machine: string;
    fence: Fence;
    /** The machine's own numbering: orders events that overtook each other. */
    seq: number;
    /** Instant of the agent's clock, ISO 8601. */
    time: string;
    body: AgentEventBody<K>;
  };
}[RunEventKind];

/** What a desktop-flow run or a cloud-flow run may be told while it goes on. */
export type InboxMessage =
  /** By whoever drains the queue's outbox; the same grant may be told more than once. */
  | { kind: 'granted'; queue: string; grant: GrantOffer }
  /** Rule 9: the machine this run is pinned to has moved; request there. */
  | { kind: 'moved'; queue: string; target: string; move: number }
  /** Row B6: the drawn gateway is offline or disabled while another member of its cluster could take the run. */
  | { kind: 'redraw'; queue: string; gateway: string }
  /** A stronger mode may follow a weaker one (row A7). */
  | { kind: 'cancel'; by?: string | undefined; reason?: string | undefined; mode?: StopMode | undefined }
  | { kind: 'pause' | 'resume'; by?: string | undefined }
  /** By the queue watch: nothing was heard of the run since `sinceMs` (row H3). */
  | { kind: 'silent'; grant: GrantRef; sinceMs: number }
  /** The grant was taken away by hand; the agent was told to stop. */
  | { kind: 'takenAway'; grant: GrantRef }
  /** To a cloud-flow run: this child is about to end, so look at it. */
  | { kind: 'childEnding'; child: string }
  | AgentMessage;

/** What an orchestration that walks a cloud flow, or a part of one, may be told. */
export type FlowMessage =
  | Extract<InboxMessage, { kind: 'cancel' | 'childEnding' }>
  /** These actions of a part have ended while others of it go on; `batch` numbers what it has told of changed variables. */
  | ({ kind: 'actionsEnded'; child: string } & MaybeSealed<EndedEarly>);

export interface EndedEarly {
  outcomes: Outcomes;
  batch: number;
  changes: VariableChanges;
}
