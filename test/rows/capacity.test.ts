import type { CapacityView } from '../../contracts/capacity';
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

let first: TestAgent;
let second: TestAgent;
beforeEach(async () => {
  rig = startApp();
  first = await TestAgent.register(rig, 1);
  second = await TestAgent.register(rig, 2);
  await publishDesktopFlow(rig);
  await first.hello();
  await second.hello();
});
afterEach(() => rig.close());

async function limit(bots: number | null): Promise<CapacityView> {
  return (await api(rig, 'PUT', 'capacity', { bots })).body as unknown as CapacityView;
}
async function capacity(): Promise<CapacityView> {
  return (await api(rig, 'GET', 'capacity')).body as unknown as CapacityView;
}
const on = (machine: number, more = {}) => desktopRunInput({ connection: `machine-${machine}`, ...more });

async function reasons(agent: TestAgent): Promise<unknown[]> {
  const { body } = await api(rig, 'GET', `machines/${agent.machine}/queue`);
  return (body['waiting'] as { reason: unknown }[]).map(({ reason }) => reason);
}

test('H1: bots are not limited unless somebody limits them', async () => {
  expect(await capacity()).toMatchObject({ bots: null, lent: 0, wanted: 0 });
  await startDesktopRun(rig, 1, on(1));
  await startDesktopRun(rig, 2, on(2));
  expect(first.commands('offer')).toHaveLength(1);
  expect(second.commands('offer')).toHaveLength(1);
});

test('H1: with one bot the second run waits for it and says so; it goes on when the first has ended', async () => {
  await limit(1);
  const a = await startDesktopRun(rig, 1, on(1));
  const b = await startDesktopRun(rig, 2, on(2));
  const grant = await first.startRun();
  expect(second.commands('offer')).toEqual([]);
  expect(await reasons(second)).toEqual([{ why: 'noBot' }]);
  // A run that waits for a bot holds no machine: an attended run takes it meanwhile.
  expect((await rig.queue(second.machine)).grants).toEqual([]);
  expect(await capacity()).toMatchObject({ bots: 1, lent: 1, wanted: 1, utilisation: 1 });
  await rig.advance(6 * MINUTE);
  await first.succeed(grant);
  await second.succeed(await second.startRun());
  expect((await desktopRun(rig, a)).output.state).toBe('Succeeded');
  expect((await desktopRun(rig, b)).output.state).toBe('Succeeded');
  const { days, ...now } = await capacity();
  expect(now).toMatchObject({ lent: 0, wanted: 0, queues: [] });
  expect(days).toMatchObject([{ day: '2026-01-05', peakLent: 1, peakDemand: 2 }]);
});

test('H1: a run that cannot start holds no bot: its machine is busy', async () => {
  await limit(2);
  await startDesktopRun(rig, 1, on(1));
  await first.startRun();
  await startDesktopRun(rig, 2, on(1));
  expect(await capacity()).toMatchObject({ lent: 1, wanted: 0 });
  await startDesktopRun(rig, 3, on(2));
  expect(second.commands('offer')).toHaveLength(1);
});

test('H1: bots go by priority, then by time requested', async () => {
  await limit(0);
  await startDesktopRun(rig, 1, on(1));
  await startDesktopRun(rig, 2, on(2, { priority: 'high' }));
  await limit(1);
  expect(first.commands('offer')).toEqual([]);
  expect(second.commands('offer')).toHaveLength(1);
});

test('H1: attended runs need no bot', async () => {
  await limit(0);
  await first.hello({ sessions: [{ user: '@agent', userKey: '@agent', state: 'active' }] });
  await startDesktopRun(rig, 1, on(1, { mode: 'attended' }));
  expect(first.commands('offer')).toHaveLength(1);
});

test('H1: a limit that is lifted lets all go on; a lower one takes no bot from a run', async () => {
  await limit(2);
  await startDesktopRun(rig, 1, on(1));
  await startDesktopRun(rig, 2, on(2));
  const grant = await first.startRun();
  await second.startRun();
  await limit(1);
  await startDesktopRun(rig, 3, on(1));
  await first.succeed(grant);
  expect(first.commands('offer')).toHaveLength(1);
  await limit(null);
  expect(first.commands('offer')).toHaveLength(2);
});

test('H1, rule 7: a bot goes to the next queue, whose run hears of its grant from the watch when nobody could tell it', async () => {
  await limit(1);
  await startDesktopRun(rig, 1, on(1));
  const next = await startDesktopRun(rig, 2, on(2));
  const grant = await first.startRun();
  const { raise } = rig.instances;
  rig.instances.raise = (instance, ...rest) =>
    instance.includes('02-1') ? Promise.reject(new Error('away')) : raise(instance, ...rest);
  await first.succeed(grant);
  expect(await story(rig, next)).not.toContain('offered to machine');
  rig.instances.raise = raise;
  await rig.live(3 * MINUTE, () => second.heartbeat());
  expect(await story(rig, next)).toContain('offered to machine');
});

test('H1: a machine that joins later counts too, and a bad number is refused', async () => {
  await limit(0);
  const third = await TestAgent.register(rig, 3);
  await third.hello();
  await startDesktopRun(rig, 3, on(3));
  expect(await reasons(third)).toEqual([{ why: 'noBot' }]);
  for (const bots of [-1, 1.5, 'many', 200_000]) {
    expect((await api(rig, 'PUT', 'capacity', { bots })).body['code']).toBe('InvalidBody');
  }
});

test('F7, H1: three hours without a bot: TimedOut with noBot as the reason', async () => {
  await limit(0);
  const run = await startDesktopRun(rig, 1, on(1));
  await rig.live(3 * HOUR, () => first.heartbeat());
  expect((await desktopRun(rig, run)).output).toMatchObject({
    state: 'TimedOut',
    error: { code: 'NoCandidateMachine', subCode: 'noBot' },
  });
});
