import fc from 'fast-check';
import type { AgentCommand } from '../../../contracts/agent-protocol';
import { decide, decideRestart, type AgentInput, type Decision } from '../../../agent/protocol/decide';
import { apply, emptyState, prune, snapshot, type JournalState } from '../../../agent/protocol/state';
import { go, offer, stop } from '../../support/agent/agent-fixture';

const machine = `m-${'0'.repeat(26)}`;
const runs = ['A', 'B', 'C', 'D'].map((letter) => `${letter.repeat(26)}-1`);
const users = ['anna', 'bert', '.\\anna', 'carl'];
/** Two names of one account. */
const accounts = new Map([
  ['anna', 'uid:1'],
  ['.\\anna', 'uid:1'],
]);
const GO_WINDOW_MS = 600;

/** Anything that can reach an agent, in any order, as often as the network likes. */
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom('offer', 'go', 'go', 'stop', 'lapsed', 'ended' as const),
      run: fc.nat({ max: runs.length - 1 }),
      n: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('restart' as const), run: fc.constant(0), n: fc.constant(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      run: fc.constant(0),
      n: fc.integer({ min: 1, max: 5 }),
    }),
  },
);

/** An agent reduced to its journal and the set of what it executes. */
class Agent {
  state: JournalState = emptyState();
  readonly executing = new Set<string>();
  readonly starts = new Map<string, number>();
  /** What was ever said for a (run, fence). */
  readonly said = new Map<string, Set<string>>();
  acceptedFences: number[] = [];
  now = 0;

  constructor(private readonly maxSessions: number) {}

  take(input: AgentInput): void {
    this.carryOut(
      decide(this.state, input, {
        now: this.now,
        wallNow: this.now,
        goWindowMs: GO_WINDOW_MS,
        maxSessions: this.maxSessions,
        epoch: 1,
        accounts,
      }),
    );
  }

  /** Everything but the journal is lost; the journal is read back. */
  restart(): void {
    this.executing.clear();
    const disk = structuredClone([...snapshot(this.state)]);
    this.state = emptyState();
    for (const record of disk) apply(this.state, record);
    this.carryOut(decideRestart(this.state, this.now));
  }

  private carryOut({ records, events, highest, action }: Decision): void {
    if (highest) apply(this.state, { k: 'highest', fence: highest });
    for (const record of records) {
      if (record.k === 'accepted') this.acceptedFences.push(record.fence.n);
      const before = this.state.runs.get(record.run);
      if (before?.state === 'done' || (before?.state === 'started' && !['owed', 'done'].includes(record.k))) {
        throw new Error(`${before.state} of ${record.run} was replaced by ${record.k}`);
      }
      apply(this.state, record, this.now);
    }
    for (const { kind, run, fence } of events) {
      const key = `${run}/${fence.n}`;
      this.said.set(key, (this.said.get(key) ?? new Set()).add(kind));
    }
    if (action?.do === 'start') {
      const { run, userKey } = action.command;
      this.starts.set(run, (this.starts.get(run) ?? 0) + 1);
      for (const other of this.executing) {
        const names = [users[runs.indexOf(other)] ?? '', userKey];
        const [one, another] = names.map((name) => accounts.get(name) ?? name);
        if (one === another) throw new Error(`two runs of ${names.join(' and ')}`);
      }
      this.executing.add(run);
      if (this.executing.size > this.maxSessions) throw new Error('above capacity');
    }
    if (action?.do === 'stop') this.end(action.run);
  }

  end(run: string): void {
    const entry = this.state.runs.get(run);
    if (entry?.state !== 'started') return;
    this.executing.delete(run);
    this.take({ kind: 'ended', run, fence: entry.fence, body: { outcome: 'Stopped' } });
  }
}

function command(kind: 'offer' | 'go' | 'stop', index: number, n: number): AgentCommand {
  const run = runs[index] ?? '';
  const user = users[index] ?? '';
  const fence = { epoch: 1, n };
  if (kind === 'offer') return offer(run, fence, machine, user);
  return kind === 'go' ? go(run, fence, machine, '0'.repeat(64), {}, user) : stop(run, fence, machine);
}

test('whatever arrives in whatever order: started at most once, capacity, same user, fences, no contradiction (L4)', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 2 }), (steps, maxSessions) => {
      const agent = new Agent(maxSessions);
      for (const { do: what, run, n } of steps) {
        const id = runs[run] ?? '';
        if (what === 'wait') agent.now += n * 200;
        else if (what === 'restart') agent.restart();
        else if (what === 'ended') agent.end(id);
        else if (what === 'lapsed') agent.take({ kind: 'lapsed', run: id, fence: { epoch: 1, n } });
        else agent.take(command(what, run, n));
      }
      for (const count of agent.starts.values()) expect(count).toBe(1);
      expect(agent.acceptedFences).toEqual([...agent.acceptedFences].sort((a, b) => a - b));
      for (const kinds of agent.said.values()) {
        // A proof that it never started, and a report that it did, can not both be true.
        if (kinds.has('never')) expect(kinds.has('started') || kinds.has('done')).toBe(false);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('the journal read back from its snapshot is the same journal', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const agent = new Agent(1);
      for (const { do: what, run, n } of steps) {
        if (what === 'offer' || what === 'go' || what === 'stop') agent.take(command(what, run, n));
      }
      const copy = emptyState();
      for (const record of snapshot(agent.state)) apply(copy, record);
      const comparable = (state: JournalState): unknown =>
        JSON.parse(
          JSON.stringify(
            { ...state, runs: [...state.runs], unsent: [...state.unsent] },
            (key, value: unknown) => (key === 'acceptedAt' ? undefined : value),
          ),
        );
      expect(comparable(copy)).toEqual(comparable(agent.state));
    }),
  );
});

test('ended runs are forgotten after a week and their outputs after a day, unsent ones never', () => {
  const hour = 3_600_000;
  const state = emptyState();
  const [first = '', second = ''] = runs;
  for (const run of [first, second]) {
    apply(state, {
      k: 'done',
      run,
      fence: { epoch: 1, n: 1 },
      at: 0,
      body: { outcome: 'Succeeded', outputs: { a: 1 } },
    });
  }
  apply(state, {
    k: 'event',
    id: 1,
    kind: 'done',
    run: first,
    fence: { epoch: 1, n: 1 },
    time: '2026-01-01T00:00:00Z',
  });
  prune(state, 25 * hour);
  expect(state.runs.get(first)).toMatchObject({ body: { outputs: { a: 1 } } });
  expect(state.runs.get(second)).toEqual({
    state: 'done',
    fence: { epoch: 1, n: 1 },
    at: 0,
    body: { outcome: 'Succeeded' },
  });
  prune(state, 8 * 24 * hour);
  expect([...state.runs.keys()]).toEqual([first]);
});
