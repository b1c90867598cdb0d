import type { AgentCommand, AgentEventBody } from '../../contracts/agent-protocol';
import { errorInfo } from '../../contracts/errors';
import type { Fence } from '../../contracts/ids';
import { compareFences, isHere, sameFence } from './fence';
import type { DurableKind, RunRecord } from './records';
import type { JournalState, RunEntry } from './state';

/*
 * The agent's part of the run protocol (ARCHITECTURE.md, "The run protocol"): what one message, the end of a run, a lapsed
 * go window or a restart means, given the journal. Pure: the caller journals `records` and `events` in one write, and
 * only when they are on disk sends the events and does the action.
 */

export type GoCommand = Extract<AgentCommand, { kind: 'go' }>;

export type AgentInput =
  | AgentCommand
  | { kind: 'ended'; run: string; fence: Fence; body: AgentEventBody<'done'> }
  | { kind: 'lapsed'; run: string; fence: Fence };

/** Facts of this moment; times on the monotonic clock except `wallNow`. */
export interface Circumstances {
  now: number;
  wallNow: number;
  goWindowMs: number;
  maxSessions: number;
  /** This agent's registration. */
  epoch: number;
  /** The accounts that user keys name on this machine, as far as they name any: two keys may name one (row E1). */
  accounts: ReadonlyMap<string, string>;
  /** Why the agent can take no run at all just now, such as a full disk. */
  unable?: string | undefined;
}

export type RunEvent = {
  [K in DurableKind]: { kind: K; run: string; fence: Fence; body: AgentEventBody<K> };
}[DurableKind];

export type Action =
  | { do: 'start'; command: GoCommand }
  | { do: 'stop'; run: string; order: StopOrder }
  | { do: 'pause'; run: string }
  | { do: 'resume'; run: string };

/** How a run is to end (contracts/agent-protocol.ts, `stop`). */
export type StopOrder = Pick<Extract<AgentCommand, { kind: 'stop' }>, 'mode' | 'graceMs' | 'reason'>;

export interface Decision {
  records: RunRecord[];
  events: RunEvent[];
  /** A fence that was seen without an acceptance and outranks earlier offers from now on (rule 10). */
  highest?: Fence;
  action?: Action;
}

const nothing: Decision = { records: [], events: [] };

export function decide(state: JournalState, input: AgentInput, facts: Circumstances): Decision {
  const entry = state.runs.get(input.run);
  // A later registration has taken this one's place.
  if (input.fence.epoch > facts.epoch) return nothing;
  if (!entry && input.fence.epoch < facts.epoch) return decideForeign(state, input, facts);
  switch (input.kind) {
    case 'offer':
      return decideOffer(state, entry, input, facts);
    case 'go':
      return decideGo(state, entry, input, facts);
    case 'stop':
      return decideStop(entry, input, facts);
    case 'pause':
    case 'resume':
      return decideFreeze(entry, input);
    case 'ended':
      return decideEnded(entry, input, facts);
    case 'lapsed':
      return entry?.state === 'accepted' && sameFence(entry.fence, input.fence)
        ? never(input, facts, 'no go within the start window')
        : nothing;
  }
}

/**
 * What a starting listener answers for the runs of the process before it, once their workers are gone (rules 2, 5).
 * @param damaged true when part of the journal could not be read: then an accepted run may have been started, and is not
 * answered with a proof that it was not.
 */
export function decideRestart(state: JournalState, wallNow: number, damaged = false): Decision {
  const decision: Decision = { records: [], events: [] };
  const add = (part: Decision): void => {
    decision.records.push(...part.records);
    decision.events.push(...part.events);
  };
  for (const [run, entry] of state.runs) {
    const { fence } = entry;
    if (entry.state === 'accepted' && !damaged) {
      add(never({ run, fence }, { wallNow }, 'the agent restarted before go'));
    } else if (entry.state === 'started' || entry.state === 'accepted') {
      const detail = damaged ? 'The journal of the agent was damaged.' : 'The agent restarted in mid-run.';
      const error = errorInfo('SessionNotFound', { detail });
      add(end(run, entry, { outcome: 'Failed', error }, wallNow));
    }
  }
  return decision;
}

/**
 * An acceptance reserves nothing (rule 3), but of one account under two names: the control plane learns from the answer to an offer
 * that they are one, and both `go`s would be on their way (docs/adr/0008-one-account-many-names.md). Who is told to go shows within a minute.
 */
const SETTLED_WITHIN_MS = 60_000;

function accepted(
  state: JournalState,
  { run, userKey }: { run: string; userKey: string },
  facts: Circumstances,
): string | undefined {
  const account = facts.accounts.get(userKey);
  if (account === undefined) return undefined;
  for (const [other, entry] of state.runs) {
    if (other === run || entry.state !== 'accepted' || entry.userKey === userKey) continue;
    const recent = entry.acceptedAt !== undefined && facts.now - entry.acceptedAt < SETTLED_WITHIN_MS;
    if (recent && facts.accounts.get(entry.userKey) === account)
      return 'A run of the same user, under another name, is about to start on this machine.';
  }
  return undefined;
}

/** Why no further run of `userKey` can be taken, from the `started` records alone: an acceptance reserves nothing (rule 3). */
export function occupied(state: JournalState, userKey: string, facts: Circumstances): string | undefined {
  const accountOf = (key: string): string => facts.accounts.get(key) ?? key;
  let running = 0;
  for (const entry of state.runs.values()) {
    if (entry.state !== 'started') continue;
    if (entry.userKey === userKey || accountOf(entry.userKey) === accountOf(userKey))
      return 'A run of the same user is running on this machine.';
    running++;
  }
  return running >= facts.maxSessions ? 'Every session of this machine is in use.' : undefined;
}

/**
 * A command of a former registration that the journal does not name (docs/adr/0002, point 5): nothing starts any more, and
 * `never` is said only when the journal reaches back so far. A journal that began later proves nothing.
 */
function decideForeign(state: JournalState, input: AgentInput, facts: Circumstances): Decision {
  const { run, fence } = input;
  if (input.kind === 'offer') {
    const error = errorInfo('UIFlowAgentNotAvailable', { detail: 'The machine has been registered anew.' });
    return { records: [], events: [{ kind: 'refused', run, fence, body: { error } }] };
  }
  const covered = state.begins !== undefined && state.begins.epoch <= fence.epoch;
  if (!covered || (input.kind !== 'go' && input.kind !== 'stop')) return nothing;
  return never(input, facts, 'the machine was registered anew before go');
}

function decideOffer(
  state: JournalState,
  entry: RunEntry | undefined,
  offer: Extract<AgentCommand, { kind: 'offer' }>,
  facts: Circumstances,
): Decision {
  const { run, fence, userKey } = offer;
  const refuse = (code: 'UIFlowAlreadyRunning' | 'UIFlowAgentNotAvailable', detail: string): Decision => ({
    records: [],
    events: [
      { kind: 'refused', run, fence, body: { error: errorInfo(code, { detail }), ...named(userKey, facts) } },
    ],
  });
  if (entry && sameFence(entry.fence, fence)) return again(run, entry, facts);
  if (entry?.state === 'done' && compareFences(entry.fence, fence) < 0) return ranBefore(offer, entry);
  if (entry?.state === 'started' || entry?.state === 'done') return nothing;
  if (compareFences(fence, state.highest) < 0) {
    return refuse('UIFlowAlreadyRunning', 'A later grant of this machine has been seen.');
  }
  if (entry && compareFences(entry.fence, fence) > 0) return nothing;
  if (facts.unable) return refuse('UIFlowAgentNotAvailable', facts.unable);
  const full = occupied(state, userKey, facts) ?? accepted(state, offer, facts);
  if (full) return refuse('UIFlowAlreadyRunning', full);
  return {
    records: [{ k: 'accepted', run, fence, userKey }],
    events: [{ kind: 'accepted', run, fence, body: named(userKey, facts) }],
  };
}

/** Whom the key names here, for the control plane (row E1). */
function named(
  userKey: string,
  { accounts }: Pick<Circumstances, 'accounts'>,
): Pick<AgentEventBody<'accepted'>, 'account'> {
  const id = accounts.get(userKey);
  return id === undefined ? {} : { account: { userKey, id } };
}

function decideGo(
  state: JournalState,
  entry: RunEntry | undefined,
  go: GoCommand,
  facts: Circumstances,
): Decision {
  const { run, fence, userKey } = go;
  const older = entry && compareFences(entry.fence, fence) < 0;
  if (older && entry.state === 'done') return ranBefore(go, entry);
  if (older && entry.state === 'started') {
    return sayNever(go, 'the run has been started under an earlier grant');
  }
  if (!entry || older) {
    const decision = never(go, facts, 'go without an acceptance');
    return { ...decision, highest: fence };
  }
  if (!sameFence(entry.fence, fence)) return nothing;
  if (entry.state !== 'accepted') return again(run, entry, facts);
  if (entry.acceptedAt === undefined || facts.now - entry.acceptedAt > facts.goWindowMs) {
    return never(go, facts, 'go after the start window');
  }
  const full = occupied(state, userKey, facts);
  if (full) return never(go, facts, full);
  return {
    records: [{ k: 'started', run, fence, userKey, at: facts.wallNow }],
    events: [startedEvent(run, fence, facts.wallNow)],
    action: { do: 'start', command: go },
  };
}

function decideStop(
  entry: RunEntry | undefined,
  stop: Extract<AgentCommand, { kind: 'stop' }>,
  facts: Circumstances,
): Decision {
  const { run, fence, mode, graceMs, reason } = stop;
  const ask: Action = { do: 'stop', run, order: { mode, graceMs, reason } };
  if (entry && compareFences(entry.fence, fence) < 0) {
    // A started or done record is never replaced; the later fence gets its `never` beside it (rule 12).
    if (entry.state === 'done') return ranBefore(stop, entry);
    if (entry.state === 'started') {
      const owed = entry.owed.some((other) => sameFence(other, fence));
      return {
        records: owed ? [] : [{ k: 'owed', run, fence: entry.fence, to: fence }],
        events: [],
        action: ask,
      };
    }
  }
  if (!entry || compareFences(entry.fence, fence) < 0) return never(stop, facts, 'stopped before go');
  if (!sameFence(entry.fence, fence)) return nothing;
  if (entry.state === 'accepted') return never(stop, facts, 'stopped before go');
  if (entry.state === 'started') return { ...nothing, action: ask };
  return again(run, entry, facts);
}

/** Acts on the latest wish only: repeats and what was overtaken change nothing, and neither does a run that is over. */
function decideFreeze(
  entry: RunEntry | undefined,
  { kind, run, fence, order }: Extract<AgentCommand, { kind: 'pause' | 'resume' }>,
): Decision {
  if (entry?.state !== 'started' || !sameFence(entry.fence, fence) || order <= entry.order) return nothing;
  return { records: [{ k: 'ordered', run, fence, order }], events: [], action: { do: kind, run } };
}

function decideEnded(
  entry: RunEntry | undefined,
  input: Extract<AgentInput, { kind: 'ended' }>,
  facts: Circumstances,
): Decision {
  if (entry?.state !== 'started' || !sameFence(entry.fence, input.fence)) return nothing;
  return end(input.run, entry, input.body, facts.wallNow);
}

function end(
  run: string,
  entry: Extract<RunEntry, { state: 'started' | 'accepted' }>,
  body: AgentEventBody<'done'>,
  at: number,
): Decision {
  const owed = entry.state === 'started' ? entry.owed : [];
  const records: RunRecord[] = [{ k: 'done', run, fence: entry.fence, at, body }];
  // Nobody knows of a run that was started here alone.
  if (isHere(entry.fence)) return { records, events: [] };
  return {
    records,
    events: [
      { kind: 'done', run, fence: entry.fence, body },
      ...owed.map((fence): RunEvent => neverEvent(run, fence, 'stopped under an earlier grant')),
    ],
  };
}

/** The journal's answer to a command that has been handled before. */
function again(run: string, entry: RunEntry, facts: Circumstances): Decision {
  const { fence } = entry;
  switch (entry.state) {
    case 'accepted':
      return { records: [], events: [{ kind: 'accepted', run, fence, body: named(entry.userKey, facts) }] };
    case 'started':
      return { records: [], events: [startedEvent(run, fence, entry.startedAt)] };
    case 'done':
      return { records: [], events: [{ kind: 'done', run, fence, body: entry.body }] };
    case 'never':
      return { records: [], events: [neverEvent(run, fence, entry.reason)] };
  }
}

/** Whoever speaks of a run under a later fence than it was executed under has forgotten that (docs/adr/0010-the-word-about-a-grant.md). */
function ranBefore({ run, fence }: OfFence, { body }: Extract<RunEntry, { state: 'done' }>): Decision {
  return { records: [], events: [{ kind: 'done', run, fence, body }] };
}

type OfFence = { run: string; fence: Fence };

function startedEvent(run: string, fence: Fence, atMs: number): RunEvent {
  return { kind: 'started', run, fence, body: { at: new Date(atMs).toISOString() } };
}

function neverEvent(run: string, fence: Fence, reason: string): RunEvent {
  return { kind: 'never', run, fence, body: { reason } };
}

function sayNever({ run, fence }: OfFence, reason: string): Decision {
  return { records: [], events: [neverEvent(run, fence, reason)] };
}

function never(of: OfFence, facts: Pick<Circumstances, 'wallNow'>, reason: string): Decision {
  const { run, fence } = of;
  return { ...sayNever(of, reason), records: [{ k: 'never', run, fence, at: facts.wallNow, reason }] };
}
