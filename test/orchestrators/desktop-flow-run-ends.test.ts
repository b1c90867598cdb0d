import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { cancel, desktopRun, HOUR, MINUTE, publishDesktopFlow, startDesktopRun } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

describe('A7: cancel', () => {
  test('in the queue: the run leaves it', async () => {
    const run = await startDesktopRun(rig);
    await cancel(rig, run, 'ben');
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'Cancelled',
      error: { code: 'Cancelled', details: 'by ben' },
    });
    expect((await rig.queue(agent.machine)).entries).toEqual([]);
  });

  test('against go: before the agent has accepted, nothing is started and the machine is free', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const grant = agent.offered();
    await cancel(rig, run);
    await agent.say('accepted', {}, grant);
    expect((await desktopRun(rig, run)).output.state).toBe('Cancelled');
    expect(agent.commands('go')).toEqual([]);
    expect((await rig.queue(agent.machine)).grants).toEqual([]);
  });

  test('against go: after it, the agent is asked to stop and its proof is waited for', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const grant = await agent.accept();
    await cancel(rig, run, 'ben');
    await cancel(rig, run, 'cem');
    expect(agent.commands('stop')).toMatchObject([{ run, reason: 'cancelled', graceMs: 60_000 }]);
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Stopping');
    await rig.advance(HOUR);
    expect((await rig.queue(agent.machine)).grants).toHaveLength(1);
    await agent.say('never', { reason: 'stopped before go' }, grant);
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'Cancelled',
      error: { details: 'by ben' },
    });
  });

  test('a run that finished before it could be stopped has succeeded', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    await cancel(rig, run);
    await agent.succeed(grant, { n: 1 });
    expect((await desktopRun(rig, run)).output).toMatchObject({ state: 'Succeeded', outputs: { n: 1 } });
  });
});

test('H3: the agent restarts in mid-run: Failed, SessionNotFound, once, and the machine is free', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig);
  const grant = await agent.startRun();
  await agent.hello();
  const lost = { code: 'SessionNotFound' as const, message: 'The session was lost.' };
  await agent.say('done', { outcome: 'Failed', error: lost }, grant);
  expect((await desktopRun(rig, run)).output).toMatchObject({ state: 'Failed', error: lost });
  expect(agent.commands('go')).toHaveLength(1);
  const next = await startDesktopRun(rig, 2);
  expect(agent.offered().run).toBe(next);
});

test('H3: a start that is delivered again after the end of the run executes nothing', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig);
  await agent.succeed(await agent.startRun(), { n: 1 });
  const row = await rig.ports.runs.get(run);
  expect(row).toMatchObject({ state: 'Succeeded', machine: agent.machine });
  await rig.live(5 * MINUTE);
  await startDesktopRun(rig);
  await rig.live(20 * MINUTE);
  expect(agent.commands('offer')).toHaveLength(1);
  expect(await rig.ports.runs.get(run)).toEqual(row);
  expect(await desktopRun(rig, run)).toMatchObject({
    status: 'Completed',
    output: { state: 'Succeeded', machine: agent.machine },
  });
});

describe('H3: silence', () => {
  test('three hours without a word of the run: failed, machine freed', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    await agent.startRun();
    await rig.live(3 * HOUR - MINUTE);
    expect((await desktopRun(rig, run)).status).toBe('Running');
    await rig.live(3 * MINUTE);
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'Failed',
      error: { code: 'ConnectionTimeout', subCode: 'Silent' },
    });
    expect((await rig.queue(agent.machine)).grants).toEqual([]);
  });

  test('a heartbeat that names the run is a word, and costs its history nothing', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    await agent.startRun();
    await rig.live(2 * MINUTE);
    const before = (await rig.history(run)).length;
    await rig.live(8 * HOUR, () => agent.heartbeat(run));
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Running');
    expect(await rig.history(run)).toHaveLength(before);
    await rig.live(3 * HOUR + 10 * MINUTE, () => agent.heartbeat());
    expect((await desktopRun(rig, run)).output).toMatchObject({ state: 'Failed' });
  });
});
