import { queueSnapshot } from '../../../domain/run-queue/snapshot';
import { Queue, queueWith, reportOf } from './support';

const server = (extra = {}) => reportOf({ os: 'server2022', rds: true, maxSessions: 2, ...extra });
const pc = (extra = {}) => reportOf({ os: 'windows11', ...extra });

function queueOn(report = server()): Queue {
  const queue = new Queue();
  queue.attach('m1', { report });
  return queue;
}

describe('which machine takes a run', () => {
  test('G1 G3 G4: users run side by side up to the maximum; the same user waits and lets another pass', () => {
    const queue = queueOn();
    queue.request('ann 1', { userKey: 'ann' });
    queue.request('ann 2', { userKey: 'ann' });
    queue.request('bob 1', { userKey: 'bob' });
    queue.request('eve 1', { userKey: 'eve' });
    expect(queue.running).toEqual(['ann 1', 'bob 1']);
    queue.release('bob 1');
    expect(queue.running).toEqual(['ann 1', 'eve 1']);
    queue.release('ann 1');
    expect(queue.running).toEqual(['eve 1', 'ann 2']);
  });

  describe('E1 G3: one user under two names', () => {
    const resolve = (queue: Queue, userKey: string, id: string, epoch = 1) =>
      queue.tell({ kind: 'account', machine: 'm1', epoch, userKey, id });

    test('waits once the machine has told whom the names mean', () => {
      const queue = queueOn();
      queue.request('a', { userKey: 'corp\\ann' });
      resolve(queue, 'corp\\ann', 'sid:1');
      queue.request('b', { userKey: 'ann@corp' });
      expect(queue.running).toEqual(['a', 'b']);
      resolve(queue, 'ann@corp', 'sid:1');
      queue.giveBack('b', 'UIFlowAlreadyRunning');
      expect(queueSnapshot(queue.state).waiting).toMatchObject([
        { run: 'b', reason: { why: 'userBusy', run: 'a', machine: 'm1' } },
      ]);
      queue.now += 60_000;
      queue.request('c', { userKey: 'ann@corp' });
      expect(queue.running).toEqual(['a']);
      queue.release('a');
      expect(queue.running).toEqual(['b']);
    });

    test('what was given back for a run of the same user is offered when that has ended, not half a minute later', () => {
      const queue = queueOn();
      queue.request('a', { userKey: 'corp\\ann' });
      queue.request('b', { userKey: 'ann@corp' });
      queue.giveBack('b', 'UIFlowAlreadyRunning');
      queue.request('c', { userKey: 'eve' });
      queue.giveBack('c', 'RunnerNotAvailable');
      queue.release('a');
      expect(queue.running).toEqual(['b']);
    });

    test('a session of the account blocks under any name of it', () => {
      const queue = new Queue();
      const session = { user: 'CORP\\ann', userKey: 'corp\\ann', account: 'sid:1', state: 'active' } as const;
      queue.attach('m1', { report: reportOf({ os: 'server2022', sessions: [session] }) });
      queue.request('a', { userKey: 'ann@corp', mode: 'attended', whenSessionBlocked: 'wait' });
      expect(queue.running).toEqual([]);
      resolve(queue, 'ann@corp', 'sid:1');
      expect(queue.running).toEqual(['a']);
    });

    test('the names move with the machine; another registration begins without', () => {
      const queue = queueOn();
      resolve(queue, 'ann@corp', 'sid:1');
      const left = queue.tell({ kind: 'detach', move: 2, machine: 'm1' });
      expect(left).toMatchObject({ kind: 'detached', accounts: { 'ann@corp': 'sid:1' } });
      const other = new Queue();
      other.attach('m1', left.kind === 'detached' ? { accounts: left.accounts } : {});
      expect(queueSnapshot(other.state).machines).toMatchObject([{ accounts: { 'ann@corp': 'sid:1' } }]);
      other.tell({ kind: 'presence', machine: 'm1', epoch: 2, online: true, seq: 1 });
      expect(queueSnapshot(other.state).machines).toMatchObject([{ accounts: {} }]);
      expect(resolve(other, 'ann@corp', 'sid:1', 1)).toEqual({ kind: 'old' });
    });
  });

  test('G2: people’s sessions fill the machine; when one signs out the run starts', () => {
    const person = (userKey: string) => ({ user: userKey, userKey, state: 'active' as const });
    const queue = queueOn(server({ sessions: [person('eve'), person('joe')] }));
    queue.request('a');
    expect(queue.running).toEqual([]);
    queue.tell({
      kind: 'report',
      machine: 'm1',
      epoch: 1,
      seq: 2,
      report: server({ sessions: [person('eve')] }),
    });
    expect(queue.running).toEqual(['a']);
  });

  test('E3: attended and unattended runs share the one-at-a-time rule of a machine', () => {
    const queue = queueOn(pc({ sessions: [{ user: 'ann', userKey: 'ann', state: 'active' }] }));
    queue.request('attended', { mode: 'attended', userKey: 'ann' });
    queue.request('unattended', { mode: 'unattended', userKey: 'bob' });
    expect(queue.running).toEqual(['attended']);
  });

  test('C8: a run that may fail is sent to the machine that will refuse it; one that waits stays, with the reason', () => {
    const locked = pc({ sessions: [{ user: 'eve', userKey: 'eve', state: 'locked' }] });
    const queue = queueOn(locked);
    queue.request('waits', { whenSessionBlocked: 'wait' });
    expect(queue.running).toEqual([]);
    queue.request('fails');
    expect(queue.running).toEqual(['fails']);
    queue.release('fails');
    queue.tell({ kind: 'report', machine: 'm1', epoch: 1, seq: 2, report: pc() });
    expect(queue.running).toEqual(['waits']);
  });

  test('C8 B2: in a group a run is not sent to be refused while another machine may take it', () => {
    const queue = queueWith('m1');
    queue.attach('m2', { report: pc({ sessions: [{ user: 'eve', userKey: 'eve', state: 'active' }] }) });
    queue.request('a');
    queue.request('b');
    expect(queue.running).toEqual(['a']);
    queue.release('a');
    expect(queue.grant('b').machine).toBe('m1');
  });

  test('B2: runs spread over the free machines of a group, the one longest unused first', () => {
    const queue = queueWith('m1', 'm2', 'm3');
    for (const run of ['a', 'b', 'c']) queue.request(run);
    expect(['a', 'b', 'c'].map((run) => queue.grant(run).machine)).toEqual(['m1', 'm2', 'm3']);
    for (const run of ['c', 'a', 'b']) queue.release(run);
    for (const run of ['d', 'e', 'f']) queue.request(run);
    expect(['d', 'e', 'f'].map((run) => queue.grant(run).machine)).toEqual(['m1', 'm2', 'm3']);
  });

  test('B2: a run pinned to a machine of the group waits for that one', () => {
    const queue = queueWith('m1', 'm2');
    queue.request('a', { pinned: 'm2' });
    queue.request('b', { pinned: 'm2' });
    queue.request('c');
    expect(queue.running).toEqual(['a', 'c']);
    queue.release('c');
    expect(queue.waiting).toEqual(['b']);
  });

  test('H2: runs wait while the machine is offline and start when it returns; maintenance alike (L10)', () => {
    const queue = queueWith('m1');
    const presence = { kind: 'presence', machine: 'm1', epoch: 1 } as const;
    queue.tell({ ...presence, online: false, seq: 1 });
    queue.request('a');
    expect(queue.running).toEqual([]);
    queue.tell({ ...presence, online: true, seq: 2 });
    expect(queue.running).toEqual(['a']);
    queue.tell({ kind: 'machineMaintenance', machine: 'm1', on: true, actor: 'ann' });
    queue.request('b');
    queue.release('a');
    expect(queue.running).toEqual([]);
    queue.tell({ kind: 'machineMaintenance', machine: 'm1', on: false, actor: 'ann' });
    expect(queue.running).toEqual(['b']);
  });

  test('L10: a group in maintenance starts nothing; a machine in maintenance leaves the runs to the others', () => {
    const queue = queueWith('m1', 'm2');
    queue.tell({ kind: 'machineMaintenance', machine: 'm1', on: true, actor: 'ann' });
    queue.request('a');
    expect(queue.grant('a').machine).toBe('m2');
    queue.tell({ kind: 'settings', settings: { maintenance: true }, actor: 'ann' });
    queue.release('a');
    queue.request('b');
    expect(queue.running).toEqual([]);
    queue.tell({ kind: 'settings', settings: { maintenance: false }, actor: 'ann' });
    expect(queue.running).toEqual(['b']);
  });

  test('H2: a machine that gives a run back is left alone with it for a while; another takes it at once', () => {
    const queue = queueWith('m1', 'm2');
    queue.request('a');
    expect(queue.giveBack('a')).toEqual({ kind: 'queued', retryAtMs: queue.now + 30_000 });
    expect(queue.grant('a').machine).toBe('m2');
    const retryAtMs = queue.now + 30_000;
    queue.giveBack('a');
    expect(queue.running).toEqual([]);
    queue.now += 10_000;
    expect(queue.request('a')).toEqual({ kind: 'queued', retryAtMs });
    queue.now += 20_000;
    expect(queue.request('a')).toMatchObject({ kind: 'granted' });
  });

  test('H2: a sign of life of the machine ends the pause', () => {
    const queue = queueWith('m1');
    queue.request('a');
    queue.giveBack('a', 'no answer');
    expect(queue.running).toEqual([]);
    queue.tell({ kind: 'presence', machine: 'm1', epoch: 1, online: true, seq: 7 });
    expect(queue.running).toEqual(['a']);
  });

  test('B2: a group takes no 51st machine, and an empty group no run', () => {
    const queue = new Queue();
    queue.tell({ kind: 'settings', settings: { group: true }, actor: 'ann' });
    expect(queue.request('a')).toMatchObject({ kind: 'refused', code: 'GroupIsEmpty' });
    for (let i = 1; i <= 50; i += 1) expect(queue.attach(`m${i}`)).toEqual({ kind: 'ok' });
    expect(queue.attach('m51')).toMatchObject({ kind: 'refused', code: 'GroupIsFull' });
    expect(queue.state.machines).toHaveLength(50);
  });

  test('D4: a machine that leaves takes the group’s setting along', () => {
    const queue = queueWith('m1');
    queue.tell({ kind: 'settings', settings: { reuseSession: true }, actor: 'ann' });
    const left = queue.tell({ kind: 'detach', move: 2, machine: 'm1' });
    expect(left).toMatchObject({ kind: 'detached', reuseSession: true });
  });

  test('D5: reuse is refused where a user may hold several sessions', () => {
    const multiple = server({ multipleSessionsPerUser: true });
    const queue = queueOn(multiple);
    const reuse = { kind: 'settings', settings: { reuseSession: true }, actor: 'ann' } as const;
    expect(queue.tell(reuse)).toMatchObject({ kind: 'refused', code: 'SessionReuseNotPossible' });
    expect(queue.state.settings.reuseSession).toBe(false);
    const other = queueWith('m2');
    other.tell(reuse);
    expect(other.attach('m1', { report: multiple })).toMatchObject({ code: 'SessionReuseNotPossible' });
    expect(other.state.machines).toHaveLength(1);
  });
});
