import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import {
  desktopRun,
  desktopRunInput,
  HOUR,
  MINUTE,
  publishDesktopFlow,
  runId,
  startDesktopRun,
} from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp({ ATTENDANT_QUEUE_LENGTH: '2' });
  agent = await TestAgent.register(rig, 1);
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

const edit = (body: unknown) => api(rig, 'PATCH', `machines/${agent.machine}`, body);
const timeoutOf = async (path: string) =>
  ((await api(rig, 'GET', path)).body['settings'] as Record<string, unknown>)['queueTimeout'];

/** Hours after its request that a run times out which no machine takes. */
async function waits(number: number, action = {}): Promise<number> {
  const run = await startDesktopRun(rig, number, desktopRunInput(action));
  for (let minutes = 0; minutes < 13 * 60; minutes += 30) {
    if ((await desktopRun(rig, run)).output?.state === 'TimedOut') return minutes / 60;
    await rig.advance(30 * MINUTE);
  }
  return Infinity;
}

test('F7: the queue timeout of the machine counts; the action’s comes before it, the environment’s after', async () => {
  const path = `machines/${agent.machine}`;
  expect(await timeoutOf(path)).toBe('PT3H');
  expect(await waits(1)).toBe(3);
  expect((await edit({ queueTimeout: 'PT12H' })).body).toMatchObject({ settings: { queueTimeout: 'PT12H' } });
  expect(await waits(2)).toBe(12);
  expect(await waits(3, { queueTimeout: 'PT1H30M' })).toBe(1.5);
  await edit({ queueTimeout: null });
  expect(await timeoutOf(path)).toBe('PT3H');
  expect(await waits(4)).toBe(3);
});

test.each(['PT0S', 'soon', '3', 'P'])(
  'F7: a queue timeout of "%s" is refused, nothing changes',
  async (queueTimeout) => {
    expect((await edit({ queueTimeout })).body).toMatchObject({ status: 400, code: 'InvalidBody' });
    expect(await timeoutOf(`machines/${agent.machine}`)).toBe('PT3H');
  },
);

test('B2, D4, F7: in a group the group’s counts, and the machine keeps it when it leaves', async () => {
  const created = await api(rig, 'POST', 'machine-groups', { name: 'Finance', queueTimeout: 'PT1H' });
  expect(created.body).toMatchObject({ settings: { queueTimeout: 'PT1H' } });
  const group = created.body['id'] as string;
  await edit({ queueTimeout: 'PT12H' });
  await api(rig, 'PUT', `machine-groups/${group}/machines/${agent.machine}`);
  expect(await timeoutOf(`machines/${agent.machine}`)).toBe('PT1H');
  expect((await edit({ queueTimeout: 'PT5H' })).body['code']).toBe('MachineInGroup');
  await api(rig, 'PUT', 'connections/finance', { target: { kind: 'group', id: group } });
  expect(await waits(1, { connection: 'finance' })).toBe(1);
  await api(rig, 'PATCH', `machine-groups/${group}`, { queueTimeout: 'PT2H' });
  expect(await waits(2)).toBe(2);
  await api(rig, 'DELETE', `machine-groups/${group}/machines/${agent.machine}`);
  expect(await timeoutOf(`machines/${agent.machine}`)).toBe('PT2H');
  expect(await waits(3)).toBe(2);
});

test('F8: the environment says how many runs a queue holds, the machine may say otherwise; the next is refused at once', async () => {
  const end = async (number: number) =>
    (await desktopRun(rig, await startDesktopRun(rig, number))).output?.error;
  expect([await end(1), await end(2)]).toEqual([undefined, undefined]);
  expect(await end(3)).toMatchObject({
    code: 'QueueFull',
    message: expect.stringContaining('It holds 2 runs.') as string,
  });
  await edit({ maxEntries: 3 });
  expect(await end(4)).toBeUndefined();
  expect((await rig.queue(agent.machine)).entries.map(({ run }) => run)).toEqual(
    [1, 2, 4].map((number) => `${runId(number)}-1`),
  );
  const { body } = await api(rig, 'POST', 'machine-groups', { name: 'Finance' });
  expect(body).toMatchObject({ settings: { maxEntries: 2 } });
  await rig.advance(4 * HOUR);
});
