import type { GrantRef, QueueReply, RequestedRun } from './messages';
import { insertEntry, takeEntry } from './ordering';
import { emit, tell } from './outbox';
import { waitReason } from './reasons';
import type { Entry, Grant, QueueState, Refusal } from './state';
import { classOf, findGrant, findMachine, grantOffer, grantRef, sameGrant } from './state';

/** A machine that gave a run back is not offered the same run again for so long. */
export const REFUSAL_PAUSE_MS = 30_000;

/** Durations kept for each desktop flow, and desktop flows kept, for the forecast. */
const KEPT_DURATIONS = 9;
const KEPT_FLOWS = 100;

export function request(
  state: QueueState,
  { entry: run, again }: { entry: RequestedRun; again?: boolean | undefined },
): QueueReply {
  const granted = findGrant(state, run.run);
  if (granted) return { kind: 'granted', grant: grantOffer(state, granted) };
  const waiting = state.entries.find((entry) => entry.run === run.run);
  if (waiting) return { kind: 'queued', ...retryOf(state, waiting) };
  if (run.deadlineMs <= state.timeMs) return { kind: 'expired', waitReason: undefined };
  const refused = refusedRequest(state, run, again === true);
  if (refused) return refused;
  state.lastArrival += 1;
  insertEntry(state, {
    run: run.run,
    owner: run.owner,
    requestedMs: run.requestedMs,
    deadlineMs: run.deadlineMs,
    arrival: state.lastArrival,
    top: 0,
    cls: classOf(state, run),
    refusals: [],
  });
  tell(state, { what: 'queued', run: run.run, priority: run.priority, by: run.requestedBy });
  return { kind: 'queued' };
}

/** When a run that was given back may be offered again, should nothing else bring the queue to look at it. */
function retryOf({ timeMs }: QueueState, { refusals }: Entry): { retryAtMs?: number } {
  const pauses = refusals.map(({ untilMs }) => untilMs).filter((untilMs) => untilMs > timeMs);
  return pauses.length > 0 ? { retryAtMs: Math.min(...pauses) } : {};
}

function refusedRequest(state: QueueState, run: RequestedRun, again: boolean): QueueReply | undefined {
  const { pinned } = run;
  const gone = pinned === undefined ? undefined : state.forgotten[pinned];
  if (pinned !== undefined && gone && gone.target !== '' && !findMachine(state, pinned)) {
    return { kind: 'moved', target: gone.target, move: gone.move };
  }
  if (state.settings.group && state.machines.length === 0 && !again) {
    return { kind: 'refused', code: 'GroupIsEmpty', detail: 'The machine group has no machine.' };
  }
  if (state.entries.length >= state.settings.maxEntries && !again) {
    return { kind: 'full', limit: state.settings.maxEntries };
  }
  return undefined;
}

/** Leaves the queue; when the grant was faster, the answer says so and nothing changes. */
export function withdraw(state: QueueState, { run }: { run: string }): QueueReply {
  const granted = findGrant(state, run);
  if (granted) return { kind: 'granted', grant: grantOffer(state, granted) };
  const reason = waitReason(state, run);
  if (!takeEntry(state, run)) return { kind: 'unknown' };
  tell(state, { what: 'withdrawn', run });
  return { kind: 'removed', waitReason: reason };
}

/** Back to its old place with its old deadline (row H2); only the current grant counts (rule 6). */
export function giveBack(
  state: QueueState,
  { grant: ref, reason }: { grant: GrantRef; reason: string },
): QueueReply {
  const grant = currentGrant(state, ref);
  if (!grant) return { kind: 'stale' };
  dropGrant(state, grant);
  tell(state, { what: 'returned', run: ref.run, machine: ref.machine, reason });
  const untilMs = state.timeMs + REFUSAL_PAUSE_MS;
  const entry: Entry = {
    ...grant.entry,
    refusals: [
      ...grant.entry.refusals.filter((r) => r.machine !== ref.machine && r.untilMs > state.timeMs),
      { machine: ref.machine, reason, untilMs },
    ],
  };
  insertEntry(state, entry);
  if (entry.deadlineMs > state.timeMs) return { kind: 'queued', retryAtMs: untilMs };
  const why = waitReason(state, entry.run);
  takeEntry(state, entry.run);
  return { kind: 'expired', waitReason: why };
}

export function release(
  state: QueueState,
  { grant: ref, outcome, ran }: { grant: GrantRef; outcome: string; ran?: boolean | undefined },
): QueueReply {
  const grant = currentGrant(state, ref);
  if (!grant) return { kind: 'stale' };
  dropGrant(state, grant);
  forgetRefusals(state, ref.machine, (refusal) => refusal.reason === 'UIFlowAlreadyRunning');
  tell(state, { what: 'released', run: ref.run, machine: ref.machine, outcome });
  if (ran) remember(state, grant.entry.cls.flow, state.timeMs - grant.grantedMs);
  return { kind: 'ok' };
}

/** Changes nothing but what people see: a paused run keeps its machine. */
export function pausedRun(
  state: QueueState,
  { grant: ref, paused, by }: { grant: GrantRef; paused: boolean; by?: string | undefined },
): QueueReply {
  const grant = currentGrant(state, ref);
  if (!grant) return { kind: 'stale' };
  if (paused === (grant.paused !== undefined)) return { kind: 'ok' };
  const { paused: _, ...running } = grant;
  const now: Grant = paused ? { ...running, paused: { sinceMs: state.timeMs, by } } : running;
  state.grants = state.grants.map((other) => (other === grant ? now : other));
  tell(state, { what: paused ? 'paused' : 'resumed', run: ref.run, machine: ref.machine, by });
  return { kind: 'ok' };
}

/** The grant that `ref` names, if it is the current one (rule 6). */
export function currentGrant(state: QueueState, ref: GrantRef): Grant | undefined {
  return state.grants.find((grant) => sameGrant(grantRef(grant), ref));
}

/** Ends a grant. While other queues wait for bots its bot goes back, else this queue may use it again (row H1). */
export function dropGrant(state: QueueState, grant: Grant): void {
  state.grants = state.grants.filter((other) => other !== grant);
  const { limitedBots } = state.settings;
  if (limitedBots && state.bots.contended && grant.entry.cls.mode === 'unattended' && state.bots.held > 0) {
    state.bots = { ...state.bots, held: state.bots.held - 1 };
    emit(state, { kind: 'returnBot', count: 1 });
  }
}

/** What the machine gave back may be offered again at once: it has shown signs of life, or what was in the way (`which`) is over. */
export function forgetRefusals(
  state: QueueState,
  machine: string,
  which: (refusal: Refusal) => boolean = () => true,
): void {
  const over = (refusal: Refusal) => refusal.machine === machine && which(refusal);
  const refused = (entry: Entry) => entry.refusals.some(over);
  const forgiven = (entry: Entry): Entry =>
    refused(entry) ? { ...entry, refusals: entry.refusals.filter((refusal) => !over(refusal)) } : entry;
  // Places do not depend on refusals.
  state.entries = state.entries.map(forgiven);
  state.grants = state.grants.map((grant) =>
    refused(grant.entry) ? { ...grant, entry: forgiven(grant.entry) } : grant,
  );
}

function remember(state: QueueState, flow: string, durationMs: number): void {
  const { [flow]: known = [], ...others } = state.durations;
  const kept = Object.entries(others).slice(-(KEPT_FLOWS - 1));
  state.durations = {
    ...Object.fromEntries(kept),
    [flow]: [...known.slice(-(KEPT_DURATIONS - 1)), Math.max(0, Math.round(durationMs))],
  };
}
