import type { GroupView } from '../../contracts/machine-groups';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import {
  desktopRun,
  desktopRunInput,
  HOUR,
  MINUTE,
  publishDesktopFlow,
  startDesktopRun,
  story,
} from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agents: TestAgent[];
let group: string;
const SINGLE = { os: 'server2022' as const, multipleSessionsPerUser: false };

beforeEach(async () => {
  rig = startApp();
  await publishDesktopFlow(rig);
  agents = [await TestAgent.register(rig, 1), await TestAgent.register(rig, 2)];
  for (const agent of agents) await agent.hello(SINGLE);
  group = (await api(rig, 'POST', 'machine-groups', { name: 'Finance' })).body['id'] as string;
  await api(rig, 'PUT', 'connections/finance', { target: { kind: 'group', id: group } });
});
afterEach(() => rig.close());

const agent = (number: 0 | 1): TestAgent => agents[number] as TestAgent;
const inGroup = desktopRunInput({ connection: 'finance' });
const join = (number: 0 | 1) => api(rig, 'PUT', `machine-groups/${group}/machines/${agent(number).machine}`);
const leave = (number: 0 | 1) =>
  api(rig, 'DELETE', `machine-groups/${group}/machines/${agent(number).machine}`);
const edit = (body: unknown) => api(rig, 'PATCH', `machine-groups/${group}`, body);
async function view(): Promise<GroupView> {
  return (await api(rig, 'GET', `machine-groups/${group}`)).body as unknown as GroupView;
}
async function settingsOf(number: 0 | 1): Promise<unknown> {
  return (await api(rig, 'GET', `machines/${agent(number).machine}`)).body['settings'];
}

test('B2: a run takes any free machine of the group; the next one takes the other', async () => {
  expect((await join(0)).body).toMatchObject({
    name: 'Finance',
    machines: [{ machine: agent(0).machine, online: true }],
  });
  await join(1);
  await startDesktopRun(rig, 1, inGroup);
  await startDesktopRun(rig, 2, inGroup);
  const waits = await startDesktopRun(rig, 3, inGroup);
  const grants = [await agent(0).startRun(), await agent(1).startRun()];
  expect(grants.map(({ run }) => run.slice(-4)).sort()).toEqual(['01-1', '02-1']);
  expect((await api(rig, 'GET', `machine-groups/${group}/queue`)).body).toMatchObject({
    queue: group,
    waiting: [{ run: waits, position: 1, next: true, reason: { why: 'machineBusy' } }],
  });
  await agent(1).succeed(grants[1] as never);
  expect(agent(1).offered().run).toBe(waits);
  expect(await view()).toMatchObject({ waiting: 0, running: 2 });
});

test('B2: a run may be pinned to one machine of the group', async () => {
  await join(0);
  await join(1);
  await api(rig, 'PUT', 'connections/pinned', {
    target: { kind: 'group', id: group, pinned: agent(1).machine },
  });
  await startDesktopRun(rig, 1, desktopRunInput({ connection: 'pinned' }));
  expect(agent(0).commands('offer')).toEqual([]);
  expect(agent(1).commands('offer')).toHaveLength(1);
  // A connection to the machine itself leads there as well.
  await startDesktopRun(rig, 2, desktopRunInput({ connection: 'machine-1' }));
  expect(agent(0).commands('offer')).toHaveLength(1);
});

test('B2: priority and place of a run in the queue of the group', async () => {
  await startDesktopRun(rig, 1, desktopRunInput({ connection: 'machine-1' }));
  await agent(0).startRun();
  await join(1);
  await startDesktopRun(rig, 2, inGroup);
  const third = await startDesktopRun(rig, 3, inGroup);
  const fourth = await startDesktopRun(rig, 4, inGroup);
  const { body } = await api(rig, 'PATCH', `machine-groups/${group}/queue/${fourth}`, {
    priority: 'high',
  });
  expect((body['waiting'] as { run: string }[]).map(({ run }) => run)).toEqual([fourth, third]);
});

test('B2: an empty group refuses runs with GroupIsEmpty', async () => {
  const run = await startDesktopRun(rig, 1, inGroup);
  expect((await desktopRun(rig, run)).output).toMatchObject({
    state: 'Failed',
    error: { code: 'GroupIsEmpty' },
  });
});

test('B2: a group takes fifty machines, or as many as it is set to; the next is refused', async () => {
  expect((await view()).settings.maxMachines).toBe(50);
  await edit({ maxMachines: 1 });
  await join(0);
  const refused = await join(1);
  expect(refused.body).toMatchObject({ status: 409, code: 'GroupIsFull' });
  expect((await api(rig, 'GET', `machines/${agent(1).machine}`)).body['queue']).toBe(agent(1).machine);
  expect((await edit({ maxMachines: 0 })).body['code']).toBe('InvalidBody');
});

test('B2: a race for the last place: the group refuses on arrival, the machine goes back to its own queue', async () => {
  await edit({ maxMachines: 1 });
  const move = (number: 0 | 1) => ({ machine: agent(number).machine, target: group, actor: 'ann' });
  await rig.start('move-machine', move(0), 'first');
  await rig.start('move-machine', move(1), 'second');
  expect((await rig.instance('second')).output).toMatchObject({ kind: 'refused', code: 'GroupIsFull' });
  const run = await startDesktopRun(rig, 1, desktopRunInput({ connection: 'machine-2' }));
  expect(agent(1).offered().run).toBe(run);
});

test('D4: joining takes the setting of the group, leaving keeps what the group defined last', async () => {
  await edit({ reuseSession: true });
  expect(await settingsOf(0)).toMatchObject({ reuseSession: false });
  await join(0);
  expect(await settingsOf(0)).toMatchObject({ reuseSession: true });
  const own = await api(rig, 'PATCH', `machines/${agent(0).machine}`, { reuseSession: false });
  expect(own.body).toMatchObject({ status: 409, code: 'MachineInGroup' });
  await leave(0);
  expect(await settingsOf(0)).toMatchObject({ reuseSession: true });
  expect((await api(rig, 'GET', `machines/${agent(0).machine}`)).body['queue']).toBe(agent(0).machine);
});

test('D5: reuse is refused where a user may hold several sessions, for the group and for the machine that joins', async () => {
  await agent(1).hello({ os: 'server2022', multipleSessionsPerUser: true });
  await join(0);
  await edit({ reuseSession: true });
  expect((await join(1)).body).toMatchObject({ status: 409, code: 'SessionReuseNotPossible' });
  await edit({ reuseSession: false });
  await join(1);
  expect((await edit({ reuseSession: true })).body).toMatchObject({
    status: 409,
    code: 'SessionReuseNotPossible',
  });
});

test('L10: a machine of the group in maintenance: its run finishes, the others go elsewhere; then the whole group', async () => {
  await join(0);
  await join(1);
  await startDesktopRun(rig, 1, inGroup);
  const holder = agent(0).commands('offer').length > 0 ? 0 : 1;
  const other = holder === 0 ? 1 : 0;
  const grant = await agent(holder).startRun();
  await api(rig, 'PATCH', `machines/${agent(holder).machine}`, { maintenance: true });
  await agent(holder).succeed(grant);
  await startDesktopRun(rig, 2, inGroup);
  await startDesktopRun(rig, 3, inGroup);
  expect(agent(holder).commands('offer')).toHaveLength(1);
  await agent(other).succeed(await agent(other).startRun());
  expect(agent(other).commands('offer')).toHaveLength(2);
  await edit({ maintenance: true });
  await agent(other).succeed(await agent(other).startRun());
  const last = await startDesktopRun(rig, 4, inGroup);
  expect((await api(rig, 'GET', `machine-groups/${group}/queue`)).body['waiting']).toMatchObject([
    { run: last, reason: { why: 'maintenance' } },
  ]);
});

describe('moves (rules 8, 9)', () => {
  test('B2, L4: a busy machine joins when its run has ended; runs that wait for it come along with their place in time', async () => {
    await startDesktopRun(rig, 1, desktopRunInput({ connection: 'machine-1' }));
    const grant = await agent(0).startRun();
    const waiting = await startDesktopRun(rig, 2, desktopRunInput({ connection: 'machine-1' }));
    await rig.start(
      'move-machine',
      { machine: agent(0).machine, target: group, actor: 'ann' },
      `move-${agent(0).machine}`,
    );
    expect((await join(0)).body).toMatchObject({ status: 409, code: 'MachineIsMoving' });
    expect((await view()).machines).toMatchObject([{ machine: agent(0).machine, moving: 'joining' }]);
    await rig.live(20 * MINUTE, () => agent(0).heartbeat(grant.run));
    expect(agent(0).commands('offer')).toHaveLength(1);
    await agent(0).succeed(grant);
    await rig.live(MINUTE, () => agent(0).heartbeat());
    expect(agent(0).offered()).toMatchObject({ run: waiting, fence: { n: 2 } });
    expect(await story(rig, waiting)).toContain('moved with its machine');
    const [held] = (await rig.queue(group)).grants;
    expect(held && held.entry.deadlineMs - held.entry.requestedMs).toBe(3 * HOUR);
    expect((await rig.queue(agent(0).machine)).machines).toEqual([]);
  });

  test('L4: a move that waits for hours keeps a short history', async () => {
    await startDesktopRun(rig, 1, desktopRunInput({ connection: 'machine-1' }));
    const grant = await agent(0).startRun();
    const instance = `move-${agent(0).machine}`;
    await rig.start('move-machine', { machine: agent(0).machine, target: group, actor: 'ann' }, instance);
    await rig.live(HOUR, () => agent(0).heartbeat(grant.run));
    expect((await rig.history(instance)).length).toBeLessThan(500);
    await agent(0).succeed(grant);
    await rig.live(MINUTE, () => agent(0).heartbeat());
    expect((await view()).machines).toMatchObject([{ machine: agent(0).machine, online: true }]);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'L4: broken off after step %i, the move is taken up again by the machine watch',
    async (steps) => {
      const instance = `move-${agent(0).machine}`;
      const run = await startDesktopRun(rig, 1, desktopRunInput({ connection: 'machine-1' }));
      const grant = await agent(0).startRun();
      const waiting = await startDesktopRun(rig, 2, desktopRunInput({ connection: 'machine-1' }));
      let left = steps;
      const { change } = rig.ports.machines;
      const { append } = rig.ports.feed;
      const broken = (): void => {
        left -= 1;
        if (left === 0) void rig.engine.terminate(instance, 'test');
      };
      rig.ports.machines.change = async (...given) => (broken(), change(...given));
      rig.ports.feed.append = async (...given) => (broken(), append(...given));
      await rig.start('move-machine', { machine: agent(0).machine, target: group, actor: 'ann' }, instance);
      await agent(0).succeed(grant);
      await rig.live(5 * MINUTE, () => agent(0).heartbeat());
      const queues = [await rig.queue(group), await rig.queue(agent(0).machine)];
      const attached = queues.flatMap(({ machines }) =>
        machines.filter(({ machine }) => machine === agent(0).machine),
      );
      expect(attached).toMatchObject([{ detaching: false, online: true }]);
      expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
      expect(
        agent(0)
          .commands('offer')
          .map((offer) => offer.run),
      ).toContain(waiting);
    },
  );

  test('B1: a machine that is deleted while it moves', async () => {
    await startDesktopRun(rig, 1, desktopRunInput({ connection: 'machine-1' }));
    await agent(0).startRun();
    await rig.start(
      'move-machine',
      { machine: agent(0).machine, target: group, actor: 'ann' },
      `move-${agent(0).machine}`,
    );
    expect((await api(rig, 'DELETE', `machines/${agent(0).machine}`)).status).toBe(202);
    await rig.live(5 * MINUTE);
    expect((await rig.queue(group)).machines).toEqual([]);
    expect((await rig.queue(agent(0).machine)).grants).toEqual([]);
    expect((await rig.ports.machines.get(agent(0).machine))?.queue).toBe('deleted');
  });
});

test('B2: a group is listed, renamed, and deleted only without machines', async () => {
  await join(0);
  expect((await edit({ name: 'Treasury' })).body).toMatchObject({ name: 'Treasury' });
  expect((await api(rig, 'GET', 'machine-groups')).body['groups']).toMatchObject([
    { id: group, name: 'Treasury', machines: 1 },
  ]);
  expect((await api(rig, 'DELETE', `machine-groups/${group}`)).body['code']).toBe('GroupNotEmpty');
  await leave(0);
  expect((await api(rig, 'DELETE', `machine-groups/${group}`)).status).toBe(204);
  expect((await api(rig, 'GET', `machine-groups/${group}`)).body['code']).toBe('GroupNotFound');
  const run = await startDesktopRun(rig, 1, inGroup);
  expect((await desktopRun(rig, run)).output.error?.code).toBe('EndpointDoNotExist');
});
