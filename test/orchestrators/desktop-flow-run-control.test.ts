import type { StopMode } from '../../contracts/agent-protocol';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { desktopRun, HOUR, MINUTE, publishDesktopFlow, startDesktopRun } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
  await agent.hello();
});
afterEach(() => rig.close());

async function tell(run: string, message: object): Promise<void> {
  await rig.engine.raiseEvent(run, 'inbox', JSON.stringify(message));
  await rig.idle();
}
const stop = (run: string, mode?: StopMode): Promise<void> => tell(run, { kind: 'cancel', by: 'ben', mode });

describe('A7: pause and resume', () => {
  test('the agent is asked in numbered order, its word is shown, and the run holds its machine', async () => {
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    await tell(run, { kind: 'pause', by: 'ben' });
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Running');
    await agent.say('paused', {}, grant);
    const { customStatus } = await desktopRun(rig, run);
    expect(customStatus).toMatchObject({ state: 'Paused', paused: { by: 'ben' } });
    const next = await startDesktopRun(rig, 2);
    const { grants, entries } = await rig.queue(agent.machine);
    expect(grants).toMatchObject([{ entry: { run }, paused: { by: 'ben' } }]);
    expect(entries).toMatchObject([{ run: next }]);
    await tell(run, { kind: 'resume', by: 'cem' });
    await agent.say('resumed', {}, grant);
    expect((await desktopRun(rig, run)).customStatus).toMatchObject({ state: 'Running' });
    expect((await desktopRun(rig, run)).customStatus).not.toHaveProperty('paused');
    expect((await rig.queue(agent.machine)).grants[0]).not.toHaveProperty('paused');
    expect(agent.commands('pause')).toMatchObject([{ run, order: 1 }]);
    expect(agent.commands('resume')).toMatchObject([{ run, order: 2 }]);
  });

  test('repeated and overtaken words of the agent change nothing; what comes after the end neither', async () => {
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    const paused = agent.envelope('paused', {}, grant);
    const resumed = agent.envelope('resumed', {}, grant);
    await agent.send(resumed);
    await agent.send(paused);
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Running');
    await agent.succeed(grant);
    await tell(run, { kind: 'pause', by: 'ben' });
    expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
    expect(agent.commands('pause')).toEqual([]);
  });

  test('a machine that cannot pause says why in the timeline, and the run goes on', async () => {
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    await tell(run, { kind: 'pause', by: 'ben' });
    await agent.say('notPaused', { reason: 'Processes cannot be frozen on Windows.' }, grant);
    const { customStatus } = await desktopRun(rig, run);
    expect(customStatus).toMatchObject({ state: 'Running' });
    expect(customStatus.timeline.slice(-2)).toMatchObject([
      { what: 'asked to pause', actor: 'ben' },
      { what: 'cannot be paused', reason: 'Processes cannot be frozen on Windows.' },
    ]);
    expect((await rig.queue(agent.machine)).grants[0]).not.toHaveProperty('paused');
  });

  test('a run that somebody at the machine paused says who', async () => {
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    await agent.say('paused', { by: 'anna' }, grant);
    expect((await desktopRun(rig, run)).customStatus).toMatchObject({
      state: 'Paused',
      paused: { by: 'anna' },
    });
  });

  test('I1: the run timeout goes on while the run is paused', async () => {
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    await agent.say('paused', {}, grant);
    await rig.live(24 * HOUR + MINUTE, () => agent.heartbeat(run));
    expect(agent.commands('stop')).toMatchObject([{ run, reason: 'timedOut' }]);
    await agent.say('done', { outcome: 'Stopped' }, grant);
    expect((await desktopRun(rig, run)).output.state).toBe('TimedOut');
  });
});

describe('A7: stop', () => {
  test('a stronger mode may follow a weaker one, never the other way round', async () => {
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    for (const mode of ['checkpoint', 'checkpoint', 'ask', 'checkpoint', 'kill', 'ask'] as const)
      await stop(run, mode);
    expect(agent.commands('stop').map(({ mode, graceMs }) => [mode ?? 'ask', graceMs])).toEqual([
      ['checkpoint', 60_000],
      ['ask', 60_000],
      ['kill', 0],
    ]);
    await agent.say('done', { outcome: 'Stopped', outputs: { rows: 3 } }, grant);
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'Cancelled',
      outputs: { rows: 3 },
      error: { code: 'Cancelled', details: 'by ben' },
    });
  });

  test('the end of the cloud-flow run adds nothing to a checkpoint that was asked for', async () => {
    const run = await startDesktopRun(rig);
    await agent.startRun();
    await stop(run, 'checkpoint');
    await stop(run);
    expect(agent.commands('stop')).toHaveLength(1);
  });

  test('I1: a checkpoint that never comes ends with the run timeout', async () => {
    const run = await startDesktopRun(rig);
    await agent.startRun();
    await stop(run, 'checkpoint');
    await rig.live(24 * HOUR + MINUTE, () => agent.heartbeat(run));
    expect(agent.commands('stop')).toMatchObject([{ mode: 'checkpoint' }, { reason: 'timedOut' }]);
  });

  test('a paused run that is stopped is not shown as paused', async () => {
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    await agent.say('paused', {}, grant);
    await stop(run, 'kill');
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Stopping');
    expect((await rig.queue(agent.machine)).grants[0]).not.toHaveProperty('paused');
  });

  test('somebody at the machine stops it: Cancelled, with who', async () => {
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    const error = {
      code: 'Cancelled' as const,
      message: 'The run was cancelled.',
      details: 'by anna at the machine',
    };
    await agent.say('done', { outcome: 'Stopped', error }, grant);
    expect((await desktopRun(rig, run)).output).toMatchObject({ state: 'Cancelled', error });
  });
});
