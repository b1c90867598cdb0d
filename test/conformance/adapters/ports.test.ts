import type { Ports } from '../../../adapters/ports';
import type { FlowDefinition } from '../../../contracts/flow-definition';
import { portSets, type PortSet } from './port-sets';

const T0 = Date.UTC(2026, 0, 15);

const flow = (text: string): FlowDefinition => ({
  name: 'invoices',
  triggers: { manual: { type: 'Request', kind: 'Button' } },
  actions: { say: { type: 'Compose', inputs: text } },
});

/** A ULID of the given time whose last digits are `tail`. */
function ulid(ms: number, tail: string): string {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let time = '';
  for (let left = ms, i = 0; i < 10; i += 1, left = Math.floor(left / 32))
    time = `${digits[left % 32]}${time}`;
  return time + tail.padStart(16, '0');
}

const report = {
  os: 'linux' as const,
  osVersion: '6',
  agentVersion: '0.1.0',
  hostname: 'here',
  maxSessions: 1,
  rds: false,
  multipleSessionsPerUser: false,
  sessions: [],
  runners: ['node'],
};

describe.each(portSets)('ports over %s', (_name, open) => {
  let set: PortSet;
  let ports: Ports;
  beforeAll(async () => {
    set = await open();
    ports = set.ports;
  });
  afterAll(() => set.stop());

  describe('claims (A1, L1)', () => {
    it('gives every later claim of a key the first one, with all that it starts', async () => {
      const start = { text: 'x'.repeat(100_000) };
      const claim = { run: 'R1', bodyHash: 'h', claimedMs: T0, start };
      expect(await ports.claims.claim('f', 'key', claim)).toEqual({ claim, first: true });
      const later = { run: 'R2', bodyHash: 'other', claimedMs: T0 + 1, start: 1 };
      expect(await set.reopen().claims.claim('f', 'key', later)).toEqual({ claim, first: false });
      expect((await ports.claims.claim('g', 'key', later)).first).toBe(true);
      expect(await ports.claims.find('f', 'key')).toEqual(claim);
      expect(await ports.claims.find('f', 'other')).toBeUndefined();
    });

    it('lets exactly one of many win', async () => {
      const all = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          ports.claims.claim('f', 'race', { run: `R${i}`, bodyHash: 'h', claimedMs: T0, start: null }),
        ),
      );
      expect(all.filter(({ first }) => first)).toHaveLength(1);
      expect(new Set(all.map(({ claim }) => claim.run)).size).toBe(1);
    });
  });

  describe('flows', () => {
    it('keeps every definition under its hash and the last as the current one', async () => {
      const first = await ports.flows.put(flow('one'));
      const second = await ports.flows.put(flow('two'));
      const other = set.reopen();
      expect(await other.flows.get('invoices')).toEqual(second);
      expect(await other.flows.snapshot(first.hash)).toEqual(flow('one'));
      expect((await other.flows.list()).map((stored) => stored.name)).toEqual(['invoices']);
      expect(await other.flows.get('unknown')).toBeUndefined();
      expect(await other.flows.snapshot('0'.repeat(64))).toBeUndefined();
    });

    it('sees a change made elsewhere after a second', async () => {
      const other = set.reopen();
      await other.flows.put(flow('one'));
      expect((await ports.flows.get('invoices'))?.definition).toEqual(flow('two'));
      set.time.nowMs += 1_000;
      expect((await ports.flows.get('invoices'))?.definition).toEqual(flow('one'));
    });
  });

  it('flows: a set is changed as a whole or not at all, and of two at once one wins', async () => {
    const named = (name: string, text: string): FlowDefinition => ({ ...flow(text), name });
    const one = { name: 'set-a', was: undefined, definition: named('set-a', 'one') };
    const two = { name: 'set-b', was: undefined, definition: named('set-b', 'one') };
    const both = await Promise.all([ports.flows.change([one, two]), set.reopen().flows.change([two, one])]);
    expect(both.filter((changed) => changed)).toHaveLength(1);
    const was = (await ports.flows.get('set-a'))?.hash;
    expect(await ports.flows.change([{ ...one, was, definition: named('set-a', 'two') }, two])).toBe(false);
    expect((await ports.flows.get('set-a'))?.hash).toBe(was);
    const gone = { name: 'set-b', was: (await ports.flows.get('set-b'))?.hash, definition: undefined };
    expect(await ports.flows.change([{ ...one, was, definition: named('set-a', 'two') }, gone])).toBe(true);
    expect((await set.reopen().flows.get('set-a'))?.definition).toEqual(named('set-a', 'two'));
    expect(await set.reopen().flows.get('set-b')).toBeUndefined();
  });

  it('desktop flows: manifest and package', async () => {
    const manifest = { name: 'totals', version: '1', runner: 'node' as const, entry: 'main.js' };
    const stored = await ports.desktopFlows.put(manifest, Buffer.from('zip'));
    expect(stored.package).toMatch(/^[0-9a-f]{64}$/);
    expect(await set.reopen().desktopFlows.get('totals')).toEqual(stored);
    expect(await set.reopen().desktopFlows.list()).toEqual([stored]);
    expect(await ports.desktopFlows.get('none')).toBeUndefined();
  });

  it('connections', async () => {
    const stored = {
      name: 'office',
      target: { kind: 'machine' as const, id: `m-${'0'.repeat(26)}` },
      user: 'me',
      hasCredential: true,
      secretRef: 'ref',
    };
    await ports.connections.put(stored);
    expect(await set.reopen().connections.get('office')).toEqual(stored);
    expect(await set.reopen().connections.list()).toEqual([stored]);
    expect(await ports.connections.get('none')).toBeUndefined();
  });

  describe('run index', () => {
    const january = ulid(Date.UTC(2026, 0, 31), 'A');
    const runs = [
      january,
      ...['B', 'C', 'D'].map((tail, i) => ulid(Date.UTC(2026, 1, 1) + i, tail)),
      ulid(Date.UTC(2026, 2, 1), 'E'),
    ];
    beforeAll(async () => {
      for (const [i, run] of runs.entries()) {
        const state = i % 2 === 0 ? 'Succeeded' : 'Running';
        await ports.runs.record({
          run,
          kind: 'cloud',
          name: i === 1 ? 'other' : 'f',
          state,
          requestedMs: T0,
        });
      }
    });

    it('lists the newest first, page by page over the months', async () => {
      const seen: string[] = [];
      let continuation: string | undefined;
      do {
        const page = await ports.runs.list({ top: 2, continuation });
        seen.push(...page.rows.map((row) => row.run));
        continuation = page.continuation;
      } while (continuation !== undefined);
      expect(seen).toEqual(runs.toReversed());
    });

    it('filters by state and flow', async () => {
      const running = await ports.runs.list({ top: 10, state: 'Running' });
      expect(running.rows.map((row) => row.run)).toEqual([runs[3], runs[1]]);
      const other = await ports.runs.list({ top: 10, flow: 'other' });
      expect(other.rows.map((row) => row.run)).toEqual([runs[1]]);
    });

    it('merges what is recorded later into the row, and keeps children in order', async () => {
      const children = [1, 2, 10].map((n) => `${january}-${n}`);
      for (const run of children.toReversed()) {
        await ports.runs.record({ run, kind: 'desktop', name: 'd', state: 'Queued', requestedMs: T0 });
      }
      const error = { code: 'Cancelled' as const, message: 'The run was cancelled.' };
      await ports.runs.record({ run: `${january}-1`, state: 'Cancelled', error, endedMs: T0 + 5, fence: 3 });
      expect((await ports.runs.children(january)).map((row) => row.run)).toEqual(children);
      expect(await ports.runs.get(`${january}-1`)).toMatchObject({
        name: 'd',
        state: 'Cancelled',
        error,
        requestedMs: T0,
        endedMs: T0 + 5,
        fence: 3,
      });
    });

    it('knows no run of which only later facts have come', async () => {
      const run = ulid(Date.UTC(2026, 3, 1), 'F');
      await ports.runs.record({ run: `${run}-1`, state: 'Running' });
      expect(await ports.runs.get(`${run}-1`)).toBeUndefined();
      expect(await ports.runs.children(run)).toEqual([]);
      expect(await ports.runs.get(run)).toBeUndefined();
    });
  });

  it('machines: rows, cached for five seconds where asked for', async () => {
    const id = `m-${'1'.repeat(26)}`;
    const keys = { publicKey: 'p', sealingKey: 's', installation: 'i' };
    const machine = { id, name: 'pc', epoch: 1, ...keys, report, registeredMs: T0, revoked: false };
    await ports.machines.put(machine);
    const other = set.reopen();
    expect(await other.machines.getCached(id)).toEqual(machine);
    await ports.machines.put({ ...machine, revoked: true });
    expect((await other.machines.getCached(id))?.revoked).toBe(false);
    expect((await other.machines.get(id))?.revoked).toBe(true);
    expect((await other.machines.getCached(id))?.revoked).toBe(true);
    expect((await other.machines.list()).map((row) => row.id)).toContain(id);
    expect(await other.machines.get('m-none')).toBeUndefined();
  });

  it('machines: a new registration takes the place of the one before it, once', async () => {
    const id = `m-${'2'.repeat(26)}`;
    const keys = { publicKey: 'p', sealingKey: 's', installation: 'i' };
    const machine = {
      id,
      name: 'pc',
      epoch: 1,
      ...keys,
      report,
      registeredMs: T0,
      revoked: false,
      queue: 'g',
    };
    await ports.machines.put(machine);
    const renewal = {
      epoch: 2,
      publicKey: 'q',
      sealingKey: 't',
      installation: 'j',
      report,
      registeredMs: T0 + 9,
    };
    const renewals = [renewal, { ...renewal, publicKey: 'late' }];
    const done = await Promise.all(renewals.map((given) => set.reopen().machines.renew(id, given)));
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await ports.machines.get(id)).toEqual({ ...machine, ...renewals[done.indexOf(true)] });
    await ports.machines.change(id, { revoked: true });
    expect(await ports.machines.renew('m-none', renewal)).toBe(false);
  });

  describe('presence', () => {
    /** Larger than a number column holds. */
    const base = 3 * 2 ** 40;
    const row = (seq: number) => ({
      machine: 'm-p',
      seq: base + seq,
      lastSeenMs: T0 + seq,
      online: true,
      installation: 'i',
    });

    it('takes rising numbers only, also from several processes', async () => {
      const other = set.reopen();
      expect(await ports.presence.seen(row(5))).toBe(true);
      expect(await other.presence.seen(row(7))).toBe(true);
      expect(await ports.presence.seen(row(6))).toBe(false);
      expect(await ports.presence.seen(row(7))).toBe(false);
      expect(await ports.presence.seen(row(8))).toBe(true);
      expect(await other.presence.get('m-p')).toEqual(row(8));
    });

    it('marks offline unless it was seen later, and the next heartbeat marks it online', async () => {
      expect(await ports.presence.markOffline('m-p', base + 7)).toBe(false);
      expect(await ports.presence.markOffline('m-p', base + 8)).toBe(true);
      expect(await ports.presence.list()).toEqual([{ ...row(8), online: false }]);
      expect(await ports.presence.seen(row(9))).toBe(true);
      expect(await ports.presence.get('m-p')).toEqual(row(9));
      expect(await ports.presence.markOffline('m-unknown', 1)).toBe(false);
    });
  });

  describe('registration tokens', () => {
    it('are spent once, and answer alike for the key that spent them', async () => {
      const token = await ports.tokens.issue(T0 + 1_000);
      const [one, two] = await Promise.all([
        ports.tokens.spend(token, 'key-1', 'm-1', T0),
        set.reopen().tokens.spend(token, 'key-2', 'm-2', T0),
      ]);
      const [winner, machine] = one === 'invalid' ? ['key-2', 'm-2'] : ['key-1', 'm-1'];
      expect([one, two].filter((answer) => answer === 'invalid')).toHaveLength(1);
      expect(await ports.tokens.spend(token, winner, 'm-3', T0 + 5_000)).toEqual({ machine });
    });

    it('carry the machine that they renew', async () => {
      const renews = { machine: 'm-7', epoch: 3 };
      const token = await ports.tokens.issue(T0 + 1_000, renews);
      for (const _again of [1, 2]) {
        expect(await ports.tokens.spend(token, 'k', 'm-new', T0)).toEqual({ machine: 'm-7', renews });
      }
    });

    it('are refused when unknown or expired', async () => {
      const token = await ports.tokens.issue(T0 + 1_000);
      expect(await ports.tokens.spend(token, 'k', 'm', T0 + 1_000)).toBe('invalid');
      expect(await ports.tokens.spend('made up', 'k', 'm', T0)).toBe('invalid');
    });
  });

  it('change feed: numbered, once each, read from where one left off', async () => {
    const entry = (number: number) => ({
      queue: 'q',
      number,
      atMs: T0,
      change: { what: 'queued', run: `r${number}` },
    });
    await ports.feed.append([entry(2), entry(1)]);
    await ports.feed.append([entry(2), entry(3)]);
    await ports.feed.append([entry(2), entry(3)]);
    await ports.feed.append([entry(9), entry(10)]);
    expect(await ports.feed.read('q', 0, 10)).toEqual([1, 2, 3, 9, 10].map(entry));
    expect(await ports.feed.read('q', 1, 2)).toEqual([entry(2), entry(3)]);
    expect(await ports.feed.read('q', 9, 10)).toEqual([entry(10)]);
    expect(await ports.feed.read('none', 0, 10)).toEqual([]);
  });

  it('blobs: whole or absent, appended, listed by prefix', async () => {
    const bytes = (text: string) => new Uint8Array(Buffer.from(text));
    await ports.blobs.put('files/a', bytes('one'));
    await ports.blobs.put('files/a', bytes('two'));
    await ports.blobs.put('runs/1/artifacts/Übersicht (1).csv', bytes(''));
    await ports.blobs.append('runs/1/log', bytes('a'));
    await ports.blobs.append('runs/1/log', bytes('b'));
    expect(Buffer.from((await ports.blobs.get('files/a')) ?? []).toString()).toBe('two');
    expect(Buffer.from((await ports.blobs.get('runs/1/log')) ?? []).toString()).toBe('ab');
    expect(await ports.blobs.get('files/b')).toBeUndefined();
    expect(await ports.blobs.list('runs/1/art')).toEqual([
      { key: 'runs/1/artifacts/Übersicht (1).csv', bytes: 0 },
    ]);
    expect((await ports.blobs.list('runs/')).map(({ key }) => key)).toEqual([
      'runs/1/artifacts/Übersicht (1).csv',
      'runs/1/log',
    ]);
    expect(await ports.blobs.list('none/')).toEqual([]);
    expect((await ports.blobs.get('runs/1/artifacts/Übersicht (1).csv'))?.byteLength).toBe(0);
  });

  describe('run logs', () => {
    const run = `${ulid(T0, 'L')}-1`;
    const line = (n: number) => ({
      at: new Date(T0 + n).toISOString(),
      stream: 'out' as const,
      text: `line ${n}`,
    });
    const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => line(from + i));

    it('shows each line once and in order, whatever is repeated', async () => {
      await ports.runLogs.append(run, 0, lines(0, 3));
      await set.reopen().runLogs.append(run, 0, lines(0, 3));
      await ports.runLogs.append(run, 3, lines(3, 4));
      expect(await ports.runLogs.read(run, 0, 100)).toEqual({ lines: lines(0, 4), next: 4 });
      expect(await ports.runLogs.read(run, 1, 2)).toEqual({ lines: lines(1, 3), next: 3 });
      expect(await ports.runLogs.read(run, 4, 10)).toEqual({ lines: [], next: 4 });
    });

    it('waits a minute for a gap, over segments', async () => {
      await ports.runLogs.append(run, 2_500, lines(2_500, 2_600));
      await ports.runLogs.append(run, 10, lines(10, 1_400));
      expect((await ports.runLogs.read(run, 0, 10_000)).next).toBe(4);
      await ports.runLogs.append(run, 4, lines(4, 10));
      expect(await ports.runLogs.read(run, 0, 10_000)).toEqual({ lines: lines(0, 1_400), next: 1_400 });
      set.time.nowMs += 60_000;
      expect(await ports.runLogs.read(run, 1_399, 3)).toEqual({
        lines: [line(1_399), line(2_500), line(2_501)],
        next: 2_502,
      });
    });

    it('keeps the last progress', async () => {
      expect(await ports.runLogs.lastProgress(run)).toBeUndefined();
      await ports.runLogs.progress(run, { subflow: 'main', action: 'open', percent: 12.5, atMs: T0 });
      await ports.runLogs.progress(run, { action: 'close', atMs: T0 + 1 });
      expect(await set.reopen().runLogs.lastProgress(run)).toEqual({ action: 'close', atMs: T0 + 1 });
    });
  });
});
