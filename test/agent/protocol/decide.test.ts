import type { AgentCommand } from '../../../contracts/agent-protocol';
import {
  decide,
  decideRestart,
  type AgentInput,
  type Circumstances,
  type Decision,
} from '../../../agent/protocol/decide';
import type { JournalRecord } from '../../../agent/protocol/records';
import { apply, emptyState, type JournalState } from '../../../agent/protocol/state';
import {
  go as goCommand,
  offer as offerCommand,
  stop as stopCommand,
} from '../../support/agent/agent-fixture';

const machine = `m-${'0'.repeat(26)}`;
const A = `${'A'.repeat(26)}-1`;
const B = `${'B'.repeat(26)}-1`;
const f = (n: number, epoch = 1): { epoch: number; n: number } => ({ epoch, n });
const offer = (run: string, n: number, user = 'anna'): AgentCommand => offerCommand(run, f(n), machine, user);
const go = (run: string, n: number, user = 'anna'): AgentCommand =>
  goCommand(run, f(n), machine, '0'.repeat(64), {}, user);
const stop = (run: string, n: number): AgentCommand => stopCommand(run, f(n), machine, 1_000);
const ended = (run: string, n: number): AgentInput => ({
  kind: 'ended',
  run,
  fence: f(n),
  body: { outcome: 'Succeeded', outputs: { x: 1 } },
});

const facts: Circumstances = {
  now: 0,
  wallNow: 0,
  goWindowMs: 600_000,
  maxSessions: 1,
  epoch: 1,
  accounts: new Map(),
};

function journal(...records: JournalRecord[]): JournalState {
  const state = emptyState();
  for (const record of records) apply(state, record, 0);
  return state;
}

const accepted = (run: string, n: number, userKey = 'anna'): JournalRecord => ({
  k: 'accepted',
  run,
  fence: f(n),
  userKey,
});
const started = (run: string, n: number, userKey = 'anna'): JournalRecord => ({
  k: 'started',
  run,
  fence: f(n),
  userKey,
  at: 5,
});
const done = (run: string, n: number): JournalRecord => ({
  k: 'done',
  run,
  fence: f(n),
  at: 9,
  body: { outcome: 'Stopped' },
});
const never = (run: string, n: number): JournalRecord => ({
  k: 'never',
  run,
  fence: f(n),
  at: 9,
  reason: 'because',
});

/** The decision in short: "records | events | action", fences as numbers. */
function short(decision: Decision): string {
  const records = decision.records.map((record) => `${record.k}:${record.fence.n}`).join(' ');
  const events = decision.events.map((event) => `${event.kind}:${event.fence.n}`).join(' ');
  return [records, events, decision.action?.do ?? ''].join('|');
}

describe('what the agent answers to a command (rules 2, 3, 10, 12 of the run protocol)', () => {
  const highest = (n: number): JournalRecord => ({ k: 'highest', fence: f(n) });
  test.each<[string, JournalRecord[], AgentInput, string]>([
    ['offer: first time', [], offer(A, 1), 'accepted:1|accepted:1|'],
    ['offer: repeated', [accepted(A, 1)], offer(A, 1), '|accepted:1|'],
    ['offer: repeated after start', [started(A, 1)], offer(A, 1), '|started:1|'],
    ['offer: repeated after the end', [done(A, 1)], offer(A, 1), '|done:1|'],
    ['offer: repeated after never', [never(A, 1)], offer(A, 1), '|never:1|'],
    ['offer: of a started run under a later fence is not answered', [started(A, 1)], offer(A, 2), '||'],
    ['offer: of an ended run under a later fence: its outcome', [done(A, 1)], offer(A, 2), '|done:2|'],
    [
      'offer: of a never started run under a later fence',
      [never(A, 1)],
      offer(A, 2),
      'accepted:2|accepted:2|',
    ],
    [
      'offer: of an accepted run under a later fence',
      [accepted(A, 1)],
      offer(A, 2),
      'accepted:2|accepted:2|',
    ],
    ['offer: below the highest accepted fence (rule 10)', [highest(5)], offer(A, 4), '|refused:4|'],
    [
      'offer: beside a run of another user, no session left (rule 3)',
      [started(B, 1, 'bert')],
      offer(A, 2),
      '|refused:2|',
    ],
    [
      'offer: an acceptance reserves nothing (rule 3)',
      [accepted(B, 1, 'bert')],
      offer(A, 2),
      'accepted:2|accepted:2|',
    ],
    ['go: after acceptance', [accepted(A, 1)], go(A, 1), 'started:1|started:1|start'],
    ['go: repeated', [started(A, 1)], go(A, 1), '|started:1|'],
    ['go: repeated after the end', [done(A, 1)], go(A, 1), '|done:1|'],
    ['go: without acceptance', [], go(A, 1), 'never:1|never:1|'],
    [
      'go: later than the acceptance matches exactly (rule 10)',
      [accepted(A, 1)],
      go(A, 2),
      'never:2|never:2|',
    ],
    ['go: earlier than the acceptance is dropped', [accepted(A, 2)], go(A, 1), '||'],
    ['go: of a started run under a later fence (rule 12)', [started(A, 1)], go(A, 2), '|never:2|'],
    ['go: of an ended run under a later fence: its outcome', [done(A, 1)], go(A, 2), '|done:2|'],
    [
      'go: the session was taken since (rule 3)',
      [accepted(A, 1), started(B, 2, 'bert')],
      go(A, 1),
      'never:1|never:1|',
    ],
    ['stop: before go (rule 2)', [accepted(A, 1)], stop(A, 1), 'never:1|never:1|'],
    ['stop: of an unknown run', [], stop(A, 1), 'never:1|never:1|'],
    ['stop: of a started run', [started(A, 1)], stop(A, 1), '||stop'],
    ['stop: of an ended run', [done(A, 1)], stop(A, 1), '|done:1|'],
    ['stop: at a later fence stops and owes never (rule 12)', [started(A, 1)], stop(A, 2), 'owed:1||stop'],
    ['stop: at a later fence of an ended run: its outcome', [done(A, 1)], stop(A, 2), '|done:2|'],
    ['stop: of an older fence is dropped', [started(A, 2)], stop(A, 1), '||'],
    ['end of a run', [started(A, 1)], ended(A, 1), 'done:1|done:1|'],
    [
      'end of a run that owes never',
      [started(A, 1), { k: 'owed', run: A, fence: f(1), to: f(3) }],
      ended(A, 1),
      'done:1|done:1 never:3|',
    ],
    ['end of a run that is over', [done(A, 1)], ended(A, 1), '||'],
    [
      'the go window closes (rule 2)',
      [accepted(A, 1)],
      { kind: 'lapsed', run: A, fence: f(1) },
      'never:1|never:1|',
    ],
    ['the go window of an older acceptance', [accepted(A, 2)], { kind: 'lapsed', run: A, fence: f(1) }, '||'],
    ['the go window of a started run', [started(A, 1)], { kind: 'lapsed', run: A, fence: f(1) }, '||'],
  ])('%s', (_what, records, input, expected) => {
    expect(short(decide(journal(...records), input, facts))).toBe(expected);
  });

  test('a go without an acceptance outranks earlier offers (rule 10)', () => {
    expect(decide(emptyState(), go(A, 4), facts).highest).toEqual(f(4));
    expect(decide(journal(accepted(A, 4)), go(A, 4), facts).highest).toBeUndefined();
    expect(decide(emptyState(), stop(A, 4), facts).highest).toBeUndefined();
  });

  test('go after the window is never, on the monotonic clock (rule 2)', () => {
    const state = journal(accepted(A, 1));
    expect(short(decide(state, go(A, 1), { ...facts, now: 600_000 }))).toBe('started:1|started:1|start');
    expect(short(decide(state, go(A, 1), { ...facts, now: 600_001 }))).toBe('never:1|never:1|');
  });

  test('two sessions: another user runs beside, the same user does not (G1, G3)', () => {
    const state = journal(started(B, 1, 'bert'));
    const two = { ...facts, maxSessions: 2 };
    expect(short(decide(state, offer(A, 2), two))).toBe('accepted:2|accepted:2|');
    const refused = decide(state, offer(A, 2, 'bert'), two).events[0];
    expect(refused).toMatchObject({ kind: 'refused', body: { error: { code: 'UIFlowAlreadyRunning' } } });
  });

  test('E1, G3: one account under two names is one user; the answer to an offer says whom a name means', () => {
    const two = {
      ...facts,
      maxSessions: 2,
      accounts: new Map([
        ['corp\\anna', 'sid:1'],
        ['anna@corp', 'sid:1'],
      ]),
    };
    const account = { userKey: 'anna@corp', id: 'sid:1' };
    const running = journal(accepted(A, 1, 'corp\\anna'), started(A, 1, 'corp\\anna'));
    expect(decide(running, offer(B, 2, 'anna@corp'), two).events).toMatchObject([
      { kind: 'refused', body: { error: { code: 'UIFlowAlreadyRunning' }, account } },
    ]);
    expect(decide(journal(), offer(B, 2, 'anna@corp'), two).events).toMatchObject([
      { kind: 'accepted', body: { account } },
    ]);
  });

  test('E1, G3: the go of a run of the same account under another name may be on its way, for a minute', () => {
    const two = {
      ...facts,
      maxSessions: 2,
      accounts: new Map([
        ['corp\\anna', 'sid:1'],
        ['anna@corp', 'sid:1'],
      ]),
    };
    const soon = journal(accepted(A, 1, 'corp\\anna'));
    const answer = (now: number) => decide(soon, offer(B, 2, 'anna@corp'), { ...two, now }).events[0]?.kind;
    expect([answer(0), answer(59_999), answer(60_000)]).toEqual(['refused', 'refused', 'accepted']);
    // Of one name the control plane knows by itself.
    expect(decide(soon, offer(B, 2, 'corp\\anna'), two).events[0]?.kind).toBe('accepted');
  });

  test('an agent that cannot write its journal refuses every offer and says why', () => {
    const decision = decide(emptyState(), offer(A, 1), { ...facts, unable: 'The disk is full.' });
    expect(decision.records).toEqual([]);
    expect(decision.events[0]).toMatchObject({
      body: {
        error: {
          code: 'UIFlowAgentNotAvailable',
          message: expect.stringContaining('The disk is full.') as string,
        },
      },
    });
  });

  test('a new registration outranks every fence of the one before', () => {
    const state = journal({ k: 'highest', fence: { epoch: 2, n: 0 } });
    const second = { ...facts, epoch: 2 };
    expect(short(decide(state, offerCommand(A, f(9, 1), machine), second))).toBe('|refused:9|');
    expect(short(decide(state, offerCommand(A, f(1, 2), machine), second))).toBe('accepted:1|accepted:1|');
  });

  test('an agent whose machine was registered elsewhere ignores the grants of its successor', () => {
    const state = journal({ k: 'begins', machine, epoch: 1 });
    for (const command of [
      offerCommand(A, f(1, 2), machine),
      goCommand(A, f(1, 2), machine, '0'.repeat(64), {}, 'anna'),
      stopCommand(A, f(1, 2), machine, 1_000),
    ]) {
      expect(short(decide(state, command, facts))).toBe('||');
    }
  });

  test.each([
    ['a journal that began later proves nothing', 2, '||'],
    [
      'a journal that covers the former registration proves that the run never started',
      1,
      'never:3|never:3|',
    ],
  ])('a go or stop of a former registration: %s', (_, begins, answer) => {
    const state = journal({ k: 'begins', machine, epoch: begins });
    const second = { ...facts, epoch: 2 };
    expect(short(decide(state, offer(A, 3), second))).toBe('|refused:3|');
    expect(short(decide(state, go(A, 3), second))).toBe(answer);
    expect(short(decide(state, stop(A, 3), second))).toBe(answer);
  });

  test('restart: started is reported failed, accepted is never, what is owed is paid (rules 2, 5)', () => {
    const state = journal(
      accepted(A, 1),
      started(B, 2),
      { k: 'owed', run: B, fence: f(2), to: f(4) },
      done(`${'C'.repeat(26)}-1`, 3),
    );
    const decision = decideRestart(state, 7);
    expect(short(decision)).toBe('never:1 done:2|never:1 done:2 never:4|');
    expect(decision.events[1]).toMatchObject({
      body: { outcome: 'Failed', error: { code: 'SessionNotFound' } },
    });
  });

  test('restart with a damaged journal: an accepted run may have started, so nothing is proved of it', () => {
    expect(short(decideRestart(journal(accepted(A, 1)), 7, true))).toBe('done:1|done:1|');
  });
});
