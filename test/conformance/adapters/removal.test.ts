import { ulid } from 'ulid';
import type { Ports } from '../../../adapters/ports';
import { portSets, type PortSet } from './port-sets';

const T0 = Date.UTC(2026, 4, 1);

describe.each(portSets)('A8: removal of a run over %s', (_name, open) => {
  let set: PortSet;
  let ports: Ports;
  beforeAll(async () => {
    set = await open();
    ports = set.ports;
  });
  afterAll(() => set.stop());

  const old = ulid(T0);
  const other = ulid(T0 + 1);
  const child = `${old}-1`;
  const listed = async (query: object) =>
    (await ports.runs.list({ top: 10, ...query })).rows.map(({ run }) => run);

  it('takes a run from its row and all lists, and no other', async () => {
    for (const [i, run] of [old, other].entries()) {
      const row = { kind: 'cloud' as const, name: 'g', state: 'Failed', requestedMs: T0 };
      await ports.runs.record({ run, ...row, ...(i === 1 ? { resubmittedFrom: old } : {}) });
    }
    const placed = { kind: 'desktop' as const, name: 'd', machine: 'm-9', queue: 'g-9', state: 'Failed' };
    await ports.runs.record({ run: child, ...placed, requestedMs: T0 });
    expect(await listed({ flow: 'g', toMs: T0 })).toEqual([]);
    expect(await listed({ flow: 'g', toMs: T0 + 2 })).toEqual([other, old]);
    for (let i = 0; i < 2; i++) {
      for (const run of [child, old]) {
        const row = await ports.runs.get(run);
        if (row) await ports.runs.remove(row);
      }
    }
    expect(await ports.runs.children(old)).toEqual([]);
    expect(await ports.runs.resubmits(old)).toEqual([]);
    expect(await listed({ flow: 'g' })).toEqual([other]);
    expect(await listed({ machine: 'm-9' })).toEqual([]);
    expect(await listed({ queue: 'g-9' })).toEqual([]);
  });

  it('takes the records of its actions, so many at a time', async () => {
    const at = new Date(T0).toISOString();
    const record = (parent: string, name: string) =>
      ({ parent, name, status: 'Succeeded', startedAt: at, endedAt: at }) as const;
    const records = ['', 'Loop[1]', 'Loop[1]/Scope'].map((parent) => record(parent, 'Say'));
    await ports.actions.put(old, records);
    await ports.actions.put(other, records);
    expect(await ports.actions.purge(old, 2)).toBe(2);
    expect(await ports.actions.purge(old, 2)).toBe(1);
    expect(await ports.actions.purge(old, 2)).toBe(0);
    for (const { parent } of records) {
      expect((await ports.actions.list(old, { parent, top: 9 })).records).toEqual([]);
      expect((await ports.actions.list(other, { parent, top: 9 })).records).toHaveLength(1);
    }
  });

  it('takes its blobs, its progress and what people did to it', async () => {
    for (const key of [`runs/${old}/values/a.json`, `runs/${old}/log/1`, `runs/${child}/log/1`]) {
      await ports.blobs.put(key, Buffer.from('x'));
    }
    await ports.blobs.removeAll(`runs/${old}/`);
    await ports.blobs.removeAll(`runs/${old}/`);
    expect(await ports.blobs.list(`runs/${old}`)).toEqual([{ key: `runs/${child}/log/1`, bytes: 1 }]);
    await ports.runLogs.progress(child, { action: 'open', atMs: T0 });
    await ports.runLogs.progress(`${other}-1`, { action: 'open', atMs: T0 });
    await ports.runLogs.forgetProgress(old);
    expect(await ports.runLogs.lastProgress(child)).toBeUndefined();
    expect(await ports.runLogs.lastProgress(`${other}-1`)).toBeDefined();
    const change = { what: 'movedToTop', run: child, actor: 'ann' };
    await ports.feed.append([{ queue: 'm-9', number: 1, atMs: T0, change }]);
    expect(await ports.feed.ofRun(child)).toHaveLength(1);
    await ports.feed.forgetRun(child);
    expect(await ports.feed.ofRun(child)).toEqual([]);
  });
});
