import type { AgentEventBody } from '../../contracts/agent-protocol';
import type { Fence } from '../../contracts/ids';
import { laterFence } from './fence';
import type { EventRecord, JournalRecord, ProcessIdentity } from './records';

/** What the agent knows of one run. */
export type RunEntry =
  | { state: 'accepted'; fence: Fence; userKey: string; acceptedAt: number | undefined }
  | {
      state: 'started';
      fence: Fence;
      userKey: string;
      startedAt: number;
      worker?: ProcessIdentity;
      owed: Fence[];
      /** Number of the last pause or resume. */
      order: number;
    }
  | { state: 'done'; fence: Fence; at: number; body: AgentEventBody<'done'> }
  | { state: 'never'; fence: Fence; at: number; reason: string };

/** The journal, folded. Changed only by `apply`. */
export interface JournalState {
  runs: Map<string, RunEntry>;
  /** First registration that this journal covers; undefined for one that was never begun. */
  begins: { machine: string; epoch: number } | undefined;
  /** Highest fence accepted or answered (rule 10). */
  highest: { epoch: number; n: number };
  /** Events not yet accepted by the broker, by rising id. */
  unsent: Map<number, EventRecord>;
  lastEventId: number;
  /** Sequence numbers below this may have been used by an earlier process. */
  seqBelow: number;
}

export function emptyState(): JournalState {
  return {
    runs: new Map(),
    begins: undefined,
    highest: { epoch: 0, n: 0 },
    unsent: new Map(),
    lastEventId: 0,
    seqBelow: 1,
  };
}

/**
 * Folds one record into the state.
 * @param monotonicNow given when the record is made, absent when it is read back after a restart (the go window of a
 * run accepted by an earlier process has lapsed, rule 2).
 */
export function apply(state: JournalState, record: JournalRecord, monotonicNow?: number): void {
  switch (record.k) {
    case 'begins':
      state.begins = { machine: record.machine, epoch: record.epoch };
      return;
    case 'accepted': {
      const { fence, userKey } = record;
      state.runs.set(record.run, { state: 'accepted', fence, userKey, acceptedAt: monotonicNow });
      state.highest = laterFence(state.highest, fence);
      return;
    }
    case 'started':
      state.runs.set(record.run, {
        state: 'started',
        fence: record.fence,
        userKey: record.userKey,
        startedAt: record.at,
        owed: [],
        order: 0,
      });
      state.highest = laterFence(state.highest, record.fence);
      return;
    case 'worker': {
      const entry = state.runs.get(record.run);
      if (entry?.state === 'started') entry.worker = record.process;
      return;
    }
    case 'owed': {
      const entry = state.runs.get(record.run);
      if (entry?.state === 'started') entry.owed.push(record.to);
      return;
    }
    case 'ordered': {
      const entry = state.runs.get(record.run);
      if (entry?.state === 'started') entry.order = Math.max(entry.order, record.order);
      return;
    }
    case 'done':
      state.runs.set(record.run, { state: 'done', fence: record.fence, at: record.at, body: record.body });
      return;
    case 'never':
      state.runs.set(record.run, {
        state: 'never',
        fence: record.fence,
        at: record.at,
        reason: record.reason,
      });
      return;
    case 'highest':
      state.highest = laterFence(state.highest, record.fence);
      return;
    case 'event':
      state.unsent.set(record.id, record);
      state.lastEventId = Math.max(state.lastEventId, record.id);
      return;
    case 'sent':
      for (const id of state.unsent.keys()) {
        if (id > record.id) break;
        state.unsent.delete(id);
      }
      state.lastEventId = Math.max(state.lastEventId, record.id);
      return;
    case 'seq':
      state.seqBelow = Math.max(state.seqBelow, record.below);
  }
}

/** Outputs of runs that ended longer ago are no longer kept for a repeated answer. */
const KEEP_OUTPUTS_MS = 24 * 3_600_000;
/** Ended runs are forgotten after this; far longer than any owner waits for an answer (three hours, row H3). */
const KEEP_RUNS_MS = 7 * 24 * 3_600_000;

/** Forgets what nobody will ask for any more. An entry whose event is still unsent stays whole. */
export function prune(state: JournalState, now: number): void {
  const waiting = new Set([...state.unsent.values()].map((event) => event.run));
  for (const [run, entry] of state.runs) {
    if (waiting.has(run) || entry.state === 'accepted' || entry.state === 'started') continue;
    if (now - entry.at > KEEP_RUNS_MS) state.runs.delete(run);
    else if (entry.state === 'done' && now - entry.at > KEEP_OUTPUTS_MS) delete entry.body.outputs;
  }
}

/** The records that rebuild `state` from nothing. */
export function* snapshot(state: JournalState): Generator<JournalRecord> {
  if (state.begins) yield { k: 'begins', ...state.begins };
  if (state.highest.epoch > 0) yield { k: 'highest', fence: state.highest };
  yield { k: 'seq', below: state.seqBelow };
  yield { k: 'sent', id: firstUnsent(state) - 1 };
  for (const [run, entry] of state.runs) {
    const { fence } = entry;
    if (entry.state === 'accepted') yield { k: 'accepted', run, fence, userKey: entry.userKey };
    else if (entry.state === 'done') yield { k: 'done', run, fence, at: entry.at, body: entry.body };
    else if (entry.state === 'never') yield { k: 'never', run, fence, at: entry.at, reason: entry.reason };
    else {
      yield { k: 'started', run, fence, userKey: entry.userKey, at: entry.startedAt };
      if (entry.worker) yield { k: 'worker', run, fence, process: entry.worker };
      for (const to of entry.owed) yield { k: 'owed', run, fence, to };
      if (entry.order > 0) yield { k: 'ordered', run, fence, order: entry.order };
    }
  }
  yield* state.unsent.values();
}

function firstUnsent(state: JournalState): number {
  for (const id of state.unsent.keys()) return id;
  return state.lastEventId + 1;
}
