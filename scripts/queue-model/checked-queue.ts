import { decodeQueue, encodeQueue } from '../../domain/run-queue/codec';
import type { StoredQueue } from '../../domain/run-queue/codec';
import { decide } from '../../domain/run-queue/decide';
import type { GrantRef, QueueCommand, QueueEffect, QueueReply } from '../../domain/run-queue/messages';
import { nextToRun } from '../../domain/run-queue/next-to-run';
import { waitReasons } from '../../domain/run-queue/reasons';
import type { QueueState } from '../../domain/run-queue/state';
import { emptyQueue } from '../../domain/run-queue/state';
import { naiveSlots } from './naive-fit';
import { ReferenceQueue } from './reference-queue';

export class Violation extends Error {}

function hold(condition: boolean, what: string, details?: unknown): void {
  if (!condition) throw new Violation(`${what} ${details === undefined ? '' : JSON.stringify(details)}`);
}

/** Checks that cost much are made at each so-many-th command. */
const SAMPLE = 8;

/** Last fence of each machine over all queues. */
export type Fences = Map<string, { epoch: number; n: number }>;

/** A queue that is stored as text between commands and compared with the reference after each. */
export class CheckedQueue {
  readonly reference: ReferenceQueue;
  stored: string;
  state: QueueState;
  #told = 0;

  constructor(
    readonly id: string,
    readonly fences: Fences,
  ) {
    this.state = emptyQueue();
    this.reference = new ReferenceQueue(this.state.settings);
    this.stored = JSON.stringify(encodeQueue(this.state));
  }

  tell(command: QueueCommand): QueueReply {
    this.#told += 1;
    const read = decodeQueue(JSON.parse(this.stored) as StoredQueue);
    const before = this.#told % SAMPLE === 0 ? deepFreeze(read) : read;
    const { state, reply, effects } = decide(before, command);
    const expected = this.reference.apply(command);
    this.#checkEffects(before, state, effects);
    this.#checkReply(command, expected, reply);
    this.#checkRest();
    this.state = state;
    this.stored = JSON.stringify(encodeQueue(state));
    this.#checkState(state);
    return reply;
  }

  #checkReply(command: QueueCommand, expected: string, reply: QueueReply): void {
    const got = reply.kind === 'refused' ? reply.code : reply.kind;
    const held =
      command.kind === 'request' && this.reference.runs.some((r) => r.run === command.entry.run && r.held);
    const due = expected === 'queued' && held ? 'granted' : expected;
    hold(got === due, `${this.id}: reply`, { command, expected: due, reply });
  }

  /** Grants happen in order, each to the first run that can start, on a machine that may take it; fences only grow. */
  #checkEffects(before: QueueState, after: QueueState, effects: readonly QueueEffect[]): void {
    let change = before.lastChange;
    effects.forEach((effect, index) => {
      hold(effect.id === before.lastEffect + 1 + index, 'effect ids rise by one', effect);
      if (effect.kind === 'grant') this.#checkGrant(effect.grant);
      if (effect.kind === 'returnBot') this.reference.bots.held -= effect.count;
      if (effect.kind === 'changed') hold(effect.number === (change += 1), 'changes have no gaps', effect);
    });
    hold(change === after.lastChange, 'every change is told');
  }

  #checkGrant(grant: GrantRef): void {
    const { reference } = this;
    const first = reference.first();
    hold(first?.run === grant.run, `${this.id}: order`, { granted: grant, first: first?.run });
    if (!first) return;
    const machines = reference.machinesFor(first);
    hold(machines.includes(grant.machine), `${this.id}: machine`, { grant, machines });
    const { epoch, n } = grant.fence;
    const last = this.fences.get(grant.machine);
    hold(!last || epoch > last.epoch || (epoch === last.epoch && n > last.n), 'fences only grow', {
      grant,
      last,
    });
    hold(!last || n > last.n, 'the number grows over registrations too', { grant, last });
    this.fences.set(grant.machine, { epoch, n });
    first.held = { machine: grant.machine, epoch, n, stoppingMs: undefined };
    const report = reference.machine(grant.machine)?.report;
    hold(!report || reference.there(grant.machine).length <= naiveSlots(report), 'over capacity', grant);
  }

  /** Work-conserving; never two runs of a user on a machine; no bot lies idle. */
  #checkRest(): void {
    const { reference } = this;
    hold(reference.first() === undefined, `${this.id}: a run waits beside a free machine`, reference.first());
    for (const { machine } of reference.machines) {
      const there = reference.there(machine);
      const users = new Set(there.map((run) => run.userKey));
      hold(users.size === there.length, 'two runs of a user on a machine', there);
    }
    if (reference.settings.limitedBots) hold(reference.freeBots() <= 0, 'a bot lies idle', reference.bots);
    else hold(reference.bots.held === 0, 'bots are kept without a limit', reference.bots);
  }

  /** No run is lost or doubled, the order is right, storing loses nothing, people get an answer for every run. */
  #checkState(state: QueueState): void {
    const { reference } = this;
    const waiting = reference.waiting().map(({ run }) => run);
    const entries = state.entries.map(({ run }) => run);
    hold(String(entries) === String(waiting), `${this.id}: waiting`, { entries, waiting });
    const held = (items: string[]) => String(items.sort((a, b) => (a < b ? -1 : 1)));
    hold(
      held(
        state.grants.map((g) => `${g.entry.run} ${g.machine} ${g.fence.epoch}.${g.fence.n} ${g.stoppingMs}`),
      ) ===
        held(
          reference.runs.flatMap(({ run, held: h }) =>
            h ? [`${run} ${h.machine} ${h.epoch}.${h.n} ${h.stoppingMs}`] : [],
          ),
        ),
      `${this.id}: grants`,
    );
    if (this.#told % SAMPLE === 1) {
      const again = decodeQueue(JSON.parse(this.stored) as StoredQueue);
      hold(same(again, state), 'stored and read again, the state is another', { again, state });
    }
    const reasons = waitReasons(state);
    hold(reasons.length === entries.length, 'every waiting run has a reason');
    const next = nextToRun(state);
    hold(next === undefined || entries.includes(next), 'the next run waits', next);
  }
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  const field = (of: object, key: string) => (of as Record<string, unknown>)[key];
  return [...keys].every((key) => same(field(a, key), field(b, key)));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
