import type { Ports } from '../../../adapters/ports';
import { portSets, type PortSet } from './port-sets';

const T0 = Date.UTC(2026, 0, 15);

describe.each(portSets)('what triggers keep over %s', (_name, open) => {
  let set: PortSet;
  let ports: Ports;
  beforeAll(async () => {
    set = await open();
    ports = set.ports;
  });
  afterAll(() => set.stop());

  it('A2: due times come earliest first, page by page, until they are removed', async () => {
    const { schedules } = ports;
    const row = (flow: string, dueMs: number) => ({ flow, dueMs, schedule: 's1', writtenMs: T0 });
    const all = [row('a', T0 + 5), row('a', T0 + 1), row('b', T0 + 3), row('a', T0 + 100)];
    for (const due of [...all, ...all]) await schedules.add(due);
    const dueBy = async (nowMs: number, top = 100) => {
      const shards = Array.from({ length: schedules.shards }, (_, shard) => shard);
      const found = await Promise.all(shards.map((shard) => schedules.due({ shard, nowMs, top })));
      return found.flat().map(({ flow, dueMs }) => `${flow}${dueMs - T0}`);
    };
    expect((await dueBy(T0 + 5)).sort()).toEqual(['a1', 'a5', 'b3']);
    const [first] = all.filter(({ dueMs }) => dueMs === T0 + 1);
    if (!first) throw new Error('there is no first row');
    await schedules.wait(first);
    for (let shard = 0; shard < schedules.shards; shard++) {
      const [known] = await schedules.due({ shard, nowMs: T0 + 1, top: 1 });
      if (!known) continue;
      expect(known).toMatchObject({ flow: 'a', waiting: true, writtenMs: T0 });
      const rest = await schedules.due({ shard, nowMs: T0 + 5, top: 9, after: known });
      expect(rest.map(({ dueMs }) => dueMs)).not.toContain(known.dueMs);
    }
    for (const due of all) await schedules.remove(due);
    expect(await dueBy(T0 + 1_000)).toEqual([]);
    expect(await schedules.lastRun('a')).toBeUndefined();
    await schedules.setLastRun('a', 'R1');
    expect(await set.reopen().schedules.lastRun('a')).toBe('R1');
  });

  it('A3: the history of a trigger is listed newest first, counts what its filter let pass, and is pruned', async () => {
    const { triggerHistory: triggers } = ports;
    const entry = (n: number) => ({
      flow: 'f',
      atMs: T0 + n,
      id: `e${n}`,
      trigger: 'on-event',
      outcome: 'fired' as const,
      run: `R${n}`,
    });
    for (const n of [1, 2, 3, 2]) await triggers.record(entry(n));
    const first = await triggers.list('f', { top: 2 });
    expect(first.entries).toEqual([entry(3), entry(2)]);
    const rest = await triggers.list('f', { top: 2, continuation: first.continuation });
    expect(rest.entries).toEqual([entry(1)]);
    await Promise.all([triggers.addFiltered('f', 2), set.reopen().triggerHistory.addFiltered('f', 3)]);
    expect(await triggers.filtered('f')).toBe(5);
    expect(await triggers.prune('f', T0 + 3, 10)).toBe(2);
    expect((await triggers.list('f', { top: 9 })).entries).toEqual([entry(3)]);
  });

  it('A3: failures one after another are counted once for each run, and a success begins anew', async () => {
    const { flowHealth: health } = ports;
    expect(await health.ended('f', 'R1', true)).toBe(1);
    expect(await health.ended('f', 'R1', true)).toBe(1);
    expect(await set.reopen().flowHealth.ended('f', 'R2', true)).toBe(2);
    expect(await health.ended('f', 'R3', false)).toBe(0);
    expect(await health.ended('f', 'R4', true)).toBe(1);
    await health.reset('f');
    expect(await health.ended('f', 'R5', true)).toBe(1);
  });

  it('A3: who may send events', async () => {
    const { eventSources } = ports;
    const source = { name: 'shop', auth: 'signature' as const, secretRef: 'ref-1', createdMs: T0 };
    await eventSources.put(source);
    expect(await set.reopen().eventSources.get('shop')).toEqual(source);
    expect(await eventSources.list()).toEqual([source]);
    await eventSources.remove('shop');
    expect(await eventSources.get('shop')).toBeUndefined();
  });
});
