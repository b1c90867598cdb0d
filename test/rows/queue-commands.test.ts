import type { QueueView } from '../../contracts/api-machines';
import type { TimelineEntry } from '../../contracts/runs';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import {
  desktopRun,
  desktopRunInput,
  HOUR,
  MINUTE,
  publishDesktopFlow,
  SECOND,
  startDesktopRun,
} from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

async function view(): Promise<QueueView> {
  return (await api(rig, 'GET', `machines/${agent.machine}/queue`)).body as unknown as QueueView;
}
const waiting = async (): Promise<string[]> => (await view()).waiting.map(({ run }) => run);

const patch = (run: string, body: unknown) =>
  api(rig, 'PATCH', `machines/${agent.machine}/queue/${run}`, body);
const edit = (body: unknown) => api(rig, 'PATCH', `machines/${agent.machine}`, body);

/** One run holds the machine, the others wait. */
async function line(count: number): Promise<string[]> {
  await agent.hello();
  const runs: string[] = [];
  for (let n = 1; n <= count; n += 1) {
    runs.push(await startDesktopRun(rig, n));
    await rig.advance(SECOND);
  }
  return runs;
}

test('F2, F4: the queue shows what runs, what is next, and of each waiting run position, priority, who, since when, why, until when', async () => {
  const [first, second, third] = await line(3);
  await agent.startRun();
  const queue = await view();
  expect(queue.running).toMatchObject([{ run: first, machine: agent.machine, stopping: false }]);
  expect(queue.waiting).toMatchObject([
    {
      run: second,
      position: 1,
      next: true,
      priority: 'normal',
      requestedBy: 'ann',
      requestedAt: '2026-01-05T08:00:01.000Z',
      deadline: '2026-01-05T11:00:01.000Z',
      reason: { why: 'machineBusy', run: first, machine: agent.machine },
    },
    { run: third, position: 2, next: false, reason: { why: 'behind', run: second } },
  ]);
});

test('F4, L2: the expected start follows from the durations of past runs, and moves when the order does', async () => {
  const [, second, third] = await line(3);
  const grant = await agent.startRun();
  expect((await view()).waiting[0]?.expectedStart).toBeUndefined();
  // The machine has been held since the first was requested.
  await rig.advance(10 * MINUTE - 3 * SECOND);
  await agent.succeed(grant);
  expect(agent.offered().run).toBe(second);
  const { waiting: left } = await view();
  const startMs = Date.parse(left[0]?.expectedStart ?? '');
  expect(startMs - rig.clock.now()).toBe(10 * MINUTE);
  const fourth = await startDesktopRun(rig, 4);
  await patch(fourth, { position: 'top' });
  const moved = (await view()).waiting.find(({ run }) => run === third);
  expect(Date.parse(moved?.expectedStart ?? '') - rig.clock.now()).toBe(20 * MINUTE);
});

test('F5: a changed priority changes the order at once', async () => {
  const [, second, third] = await line(3);
  const answer = await patch(third ?? '', { priority: 'high' });
  expect(answer.status).toBe(200);
  expect(await waiting()).toEqual([third, second]);
  await agent.succeed(await agent.startRun());
  expect(agent.offered().run).toBe(third);
});

test('F6: to the top, the last one moved first, and back to its place', async () => {
  const [, second = '', third = '', fourth = ''] = await line(4);
  await patch(third, { position: 'top' });
  await patch(fourth, { position: 'top' });
  expect(await waiting()).toEqual([fourth, third, second]);
  await patch(fourth, { undo: true });
  expect(await waiting()).toEqual([third, second, fourth]);
  expect((await patch(fourth, { undo: true })).body['code']).toBe('RunNotOnTop');
});

test('F10: who changed the priority or the place stands on the run and in the feed', async () => {
  const [, second = ''] = await line(2);
  await patch(second, { priority: 'high' });
  await rig.advance(SECOND);
  await patch(second, { position: 'top' });
  await rig.advance(SECOND);
  await patch(second, { undo: true });
  const { body } = await api(rig, 'GET', `runs/${second}`);
  expect(
    (body['timeline'] as TimelineEntry[]).map(({ what, actor, reason }) => [what, actor, reason]),
  ).toEqual([
    ['queued', 'ann', undefined],
    ['priority changed', 'owner', 'normal → high'],
    ['moved to top', 'owner', undefined],
    ['moved back', 'owner', undefined],
  ]);
  const feed = await rig.ports.feed.read(agent.machine, 0, 100);
  expect(feed.map(({ change }) => change)).toEqual(
    expect.arrayContaining([expect.objectContaining({ what: 'movedToTop', run: second, actor: 'owner' })]),
  );
});

test.each([
  ['nothing', {}, 'InvalidBody'],
  ['two changes at once', { priority: 'low', undo: true }, 'InvalidBody'],
  ['a priority that there is not', { priority: 'urgent' }, 'InvalidBody'],
])('F5: %s is refused and changes nothing', async (_what, body, code) => {
  const [, second = ''] = await line(2);
  const before = await view();
  expect((await patch(second, body)).body['code']).toBe(code);
  expect((await view()).change).toBe(before.change);
});

test('F5: a run that does not wait here, or is no run, is refused by name', async () => {
  const [first = ''] = await line(1);
  expect((await patch(first, { priority: 'low' })).body).toMatchObject({ status: 409, code: 'RunNotQueued' });
  expect((await patch('nonsense', { priority: 'low' })).body['code']).toBe('RunNotFound');
});

test('F8: the length of the queue is a detail of the machine; out of its range is refused', async () => {
  expect((await edit({ maxEntries: 2_001 })).body).toMatchObject({ status: 400, code: 'InvalidSetting' });
  expect((await edit({ maxEntries: 1 })).body).toMatchObject({ settings: { maxEntries: 1 } });
  await startDesktopRun(rig, 1);
  const second = await startDesktopRun(rig, 2);
  expect((await desktopRun(rig, second)).output.error?.code).toBe('QueueFull');
});

test('F9: by default a run that cannot start does not hold up those behind it; strictOrder makes it do so', async () => {
  await agent.hello({ os: 'server2022', maxSessions: 2, rds: true, multipleSessionsPerUser: false });
  await startDesktopRun(rig, 1);
  await rig.ports.connections.put({
    name: 'other-user',
    target: { kind: 'machine', id: agent.machine },
    user: 'CONTOSO\\bob',
    hasCredential: true,
  });
  const other = desktopRunInput({ connection: 'other-user' });
  await edit({ strictOrder: true });
  const sameUser = await startDesktopRun(rig, 2);
  const behind = await startDesktopRun(rig, 3, other);
  expect((await view()).waiting).toMatchObject([
    { run: sameUser, reason: { why: 'userBusy' } },
    { run: behind, reason: { why: 'behind', run: sameUser } },
  ]);
  await edit({ strictOrder: false });
  expect(agent.offered().run).toBe(behind);
  expect(await waiting()).toEqual([sameUser]);
});

test('L10: in maintenance the running run finishes, nothing new starts, the queue says why; then it goes on', async () => {
  const [first, second] = await line(2);
  const grant = await agent.startRun();
  expect((await edit({ maintenance: true })).body).toMatchObject({
    status: 'maintenance',
    maintenance: true,
  });
  await agent.succeed(grant);
  expect((await desktopRun(rig, first ?? '')).output.state).toBe('Succeeded');
  expect((await view()).waiting).toMatchObject([{ run: second, reason: { why: 'maintenance' } }]);
  await edit({ maintenance: false });
  expect(agent.offered().run).toBe(second);
});

test('D3, D5: reuse of sessions is a detail of the machine, refused where a user may hold several sessions', async () => {
  await agent.hello({ os: 'windows11', multipleSessionsPerUser: true });
  const refused = await edit({ reuseSession: true, name: 'renamed' });
  expect(refused.body).toMatchObject({ status: 409, code: 'SessionReuseNotPossible' });
  expect((await api(rig, 'GET', `machines/${agent.machine}`)).body).toMatchObject({
    name: 'machine-1',
    settings: { reuseSession: false },
  });
  await agent.hello({ os: 'windows11', multipleSessionsPerUser: false });
  expect((await edit({ reuseSession: true })).body).toMatchObject({ settings: { reuseSession: true } });
});

test('B1: rename and other details', async () => {
  const answer = await edit({ name: 'Front office', attendedNotice: 'banner' });
  expect(answer.body).toMatchObject({ name: 'Front office', attendedNotice: 'banner', queue: agent.machine });
  expect((await edit({})).body['code']).toBe('InvalidBody');
  expect((await edit({ colour: 'red' })).body['code']).toBe('InvalidBody');
});

test('L4: released by hand: the run ends, the next starts under a higher fence, who and why is on record', async () => {
  const [first = '', second] = await line(2);
  await agent.startRun();
  const path = `machines/${agent.machine}/queue/release`;
  expect((await api(rig, 'POST', path, {})).body['code']).toBe('InvalidBody');
  const answer = await api(rig, 'POST', path, { reason: 'computer stolen' });
  expect(answer.status).toBe(200);
  expect((await desktopRun(rig, first)).output.error).toMatchObject({ subCode: 'ReleasedByHand' });
  expect(agent.offered()).toMatchObject({ run: second, fence: { n: 2 } });
  const feed = await rig.ports.feed.read(agent.machine, 0, 100);
  expect(feed.map(({ change }) => change)).toContainEqual({
    what: 'machine',
    machine: agent.machine,
    change: 'released by hand: computer stolen',
    actor: 'owner',
  });
});

describe('B1: a deleted machine', () => {
  test('its run and its waiting runs end with a named error, its events are dropped, nothing is stuck', async () => {
    const [first = '', second = ''] = await line(2);
    const grant = await agent.startRun();
    expect((await api(rig, 'DELETE', `machines/${agent.machine}`)).status).toBe(202);
    expect((await desktopRun(rig, first)).output.error).toMatchObject({ subCode: 'ReleasedByHand' });
    expect((await desktopRun(rig, second)).output.error).toMatchObject({ code: 'EndpointDoNotExist' });
    expect(agent.commands('stop')).toContainEqual(
      expect.objectContaining({ run: first, reason: 'released' }),
    );
    await rig.advance(2 * MINUTE);
    await agent.succeed(grant);
    expect(rig.warnings.join()).toContain('revoked machine');
    expect(await rig.queue(agent.machine)).toMatchObject({ machines: [], entries: [], grants: [] });
    expect((await api(rig, 'GET', `machines/${agent.machine}`)).body['code']).toBe('MachineNotFound');
    expect((await api(rig, 'GET', 'machines')).body['machines']).toEqual([]);
    const late = await startDesktopRun(rig, 9);
    expect((await desktopRun(rig, late)).output.error).toMatchObject({ code: 'EndpointDoNotExist' });
  });

  test('a removal that was broken off is finished by the machine watch', async () => {
    await startDesktopRun(rig, 1);
    await rig.ports.machines.change(agent.machine, { revoked: true });
    await rig.tick('watch-machines');
    await rig.advance(2 * MINUTE);
    expect((await rig.queue(agent.machine)).machines).toEqual([]);
    expect((await rig.ports.machines.get(agent.machine))?.queue).toBe('deleted');
    await rig.advance(4 * HOUR);
    expect(rig.warnings).toEqual([]);
  });
});
