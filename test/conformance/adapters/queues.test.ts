import type { MachineRow, Ports } from '../../../adapters/ports';
import { portSets, type PortSet } from './port-sets';

const T0 = Date.UTC(2026, 0, 15);
const MACHINE = `m-${'0'.repeat(25)}7`;
const GROUP = `g-${'0'.repeat(26)}`;

const machine: MachineRow = {
  id: MACHINE,
  name: 'pc',
  epoch: 1,
  publicKey: 'p',
  sealingKey: 's',
  installation: 'i',
  report: {
    os: 'linux',
    osVersion: '6',
    agentVersion: '0.1.0',
    hostname: 'here',
    maxSessions: 1,
    rds: false,
    multipleSessionsPerUser: false,
    sessions: [],
    runners: ['node'],
  },
  registeredMs: T0,
  revoked: false,
};

describe.each(portSets)('queues, groups and gateways over %s', (_name, open) => {
  let set: PortSet;
  let ports: Ports;
  beforeAll(async () => {
    set = await open();
    ports = set.ports;
  });
  afterAll(() => set.stop());

  it('machines: changes of different columns do not undo each other', async () => {
    await ports.machines.put(machine);
    await Promise.all([
      ports.machines.change(MACHINE, { name: 'desk' }),
      set.reopen().machines.change(MACHINE, { leasedMs: T0 + 1, installation: 'j' }),
      ports.machines.change(MACHINE, { queue: GROUP, move: 2, movingTo: '', maintenance: true }),
    ]);
    await ports.machines.change(MACHINE, { revoked: true, attendedNotice: 'banner' });
    expect(await set.reopen().machines.get(MACHINE)).toEqual({
      ...machine,
      name: 'desk',
      leasedMs: T0 + 1,
      installation: 'j',
      queue: GROUP,
      move: 2,
      movingTo: '',
      maintenance: true,
      revoked: true,
      attendedNotice: 'banner',
    });
    expect((await ports.machines.getCached(MACHINE))?.revoked).toBe(true);
  });

  it('F10: what people did to a run is found by the run, over all queues, in order of time', async () => {
    const entry = (queue: string, number: number, atMs: number, change: unknown) => ({
      queue,
      number,
      atMs,
      change,
    });
    const heard: string[] = [];
    ports.feed.onAppended((queue) => void heard.push(queue));
    const second = entry(GROUP, 1, T0 + 2, { what: 'movedToTop', run: 'R-1', actor: 'ann' });
    const first = entry(MACHINE, 2, T0 + 1, { what: 'priorityChanged', run: 'R-1', actor: 'bob' });
    const queued = entry(MACHINE, 1, T0, { what: 'queued', run: 'R-1' });
    await ports.feed.append([second]);
    await ports.feed.append([queued, first]);
    await ports.feed.append([first]);
    expect(await set.reopen().feed.ofRun('R-1')).toEqual([first, second]);
    expect(await ports.feed.ofRun('R-2')).toEqual([]);
    expect(await ports.feed.read(MACHINE, 0, 10)).toEqual([queued, first]);
    expect(heard).toEqual([GROUP, MACHINE, MACHINE]);
  });

  it('H1: the number of bots, or none', async () => {
    expect(await ports.bots.get()).toBeUndefined();
    await ports.bots.put(0);
    expect(await set.reopen().bots.get()).toBe(0);
    await ports.bots.put(undefined);
    expect(await set.reopen().bots.get()).toBeUndefined();
  });

  it('B2: groups', async () => {
    const group = { id: GROUP, name: 'Finance', createdMs: T0 };
    await ports.groups.put(group);
    expect(await set.reopen().groups.get(GROUP)).toEqual(group);
    expect(await ports.groups.list()).toEqual([group]);
    await ports.groups.remove(GROUP);
    expect(await ports.groups.get(GROUP)).toBeUndefined();
  });

  it('B5: gateways, with and without what is optional', async () => {
    const bare = { name: 'a', machine: MACHINE, enabled: false };
    const full = { name: 'b', machine: MACHINE, enabled: true, account: 'ann@contoso.com', cluster: 'east' };
    await ports.gateways.put(bare);
    await ports.gateways.put(full);
    expect(await set.reopen().gateways.get('a')).toEqual(bare);
    expect(await ports.gateways.list()).toEqual([bare, full]);
    await ports.gateways.remove('a');
    expect(await ports.gateways.get('a')).toBeUndefined();
  });

  it('B7: turns of a cluster count every draw of many at once, and survive a change of its settings', async () => {
    await ports.gateways.putCluster('east', { runOnAll: true });
    await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        set.reopen().gateways.changeTurns('east', ({ turns }) => ({
          last: turns.last + 1,
          drawn: { ...turns.drawn, a: turns.last + 1 },
          recent: [...turns.recent, [`run-${n}`, 'a'] as [string, string]],
        })),
      ),
    );
    await ports.gateways.putCluster('east', { runOnAll: false });
    const cluster = await set.reopen().gateways.getCluster('east');
    expect(cluster).toMatchObject({ runOnAll: false, turns: { last: 12, drawn: { a: 12 } } });
    expect(cluster?.turns.recent).toHaveLength(12);
    expect(await ports.gateways.changeTurns('none', ({ turns }) => turns)).toBeUndefined();
    await ports.gateways.removeCluster('east');
    expect(await ports.gateways.listClusters()).toEqual([]);
  });
});
