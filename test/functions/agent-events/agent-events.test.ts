import type { AppRig } from '../../support/app-rig';
import { startApp } from '../../support/start-app';
import {
  desktopRun,
  MINUTE,
  publishDesktopFlow,
  runId,
  SECOND,
  startDesktopRun,
  story,
} from '../../support/runs';
import { TestAgent } from '../../support/test-agent';
import type { Grant } from '../../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

describe('events of the agent', () => {
  test('repeated ones change nothing', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const grant = agent.offered();
    const accepted = agent.envelope('accepted', {}, grant);
    const started = agent.envelope('started', { at: new Date(rig.clock.now()).toISOString() }, grant);
    for (const event of [accepted, accepted, started, accepted, started]) await agent.send(event);
    expect(agent.commands('go')).toHaveLength(1);
    await agent.succeed(grant);
    await agent.succeed(grant);
    expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
    expect((await story(rig, run)).filter((what) => what === 'started')).toHaveLength(1);
  });

  test('late ones of an earlier grant are dropped', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const old = agent.offered();
    await rig.advance(60 * SECOND);
    await rig.advance(31 * SECOND);
    expect(agent.offered().fence.n).toBe(old.fence.n + 1);
    await agent.say('accepted', {}, old);
    await agent.say('done', { outcome: 'Succeeded' }, old);
    expect(agent.commands('go')).toEqual([]);
    expect(rig.warnings.filter((line) => line.includes('not its grant'))).toHaveLength(2);
    await agent.succeed(await agent.startRun());
    expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
  });

  test('reordered ones: done before started, resumed before paused', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    const paused = agent.envelope('paused', {}, grant);
    const resumed = agent.envelope('resumed', {}, grant);
    await agent.send(resumed);
    await agent.send(paused);
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Running');
    const late = agent.envelope('started', { at: new Date(rig.clock.now()).toISOString() }, grant);
    await agent.succeed(grant);
    await agent.send(late);
    expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
  });

  test('log lines and progress go to the log of the run, not into its history', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    const before = (await rig.history(run)).length;
    const line = { at: new Date(rig.clock.now()).toISOString(), stream: 'out' as const, text: 'hello' };
    await agent.say('log', { first: 0, lines: [line] }, grant);
    await agent.say('progress', { action: 'Read', percent: 10 }, grant);
    expect(rig.ports.logs.get(run)).toEqual([line]);
    expect(await rig.ports.runLogs.lastProgress(run)).toMatchObject({ action: 'Read', percent: 10 });
    expect(await rig.history(run)).toHaveLength(before);
  });
});

describe('what is dropped and counted', () => {
  let run: string;
  let grant: Grant;
  beforeEach(async () => {
    await agent.hello();
    run = await startDesktopRun(rig);
    grant = agent.offered();
    rig.warnings.length = 0;
  });

  async function expectDropped(reason: string, count = 1): Promise<void> {
    expect(rig.warnings.filter((line) => line.includes(`dropped: ${reason}`))).toHaveLength(count);
    expect(agent.commands('go')).toEqual([]);
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Starting');
  }

  test('a wrong signature', async () => {
    const event = agent.envelope('accepted', {}, grant);
    await agent.send({ ...event, signature: Buffer.alloc(64).toString('base64') });
    await agent.send({ ...event, body: '{"x":1}' });
    await agent.send({ ...event, seq: event.seq + 1 });
    await expectDropped('wrong signature', 3);
  });

  test('an event for the run of another machine', async () => {
    const other = await TestAgent.register(rig, 2);
    await other.hello();
    await other.say('accepted', {}, grant);
    await other.say('done', { outcome: 'Succeeded' }, grant);
    await expectDropped('not its grant', 2);
  });

  test('an event of a run that does not exist', async () => {
    await agent.say('accepted', {}, { run: `${runId(9)}-1`, fence: grant.fence });
    await expectDropped('unknown run');
  });

  test('a machine that is unknown, revoked, or has registered again', async () => {
    const event = agent.envelope('accepted', {}, grant);
    const machine = await rig.ports.machines.get(agent.machine);
    if (!machine) throw new Error('the machine is registered');
    await agent.send({ ...event, machine: 'm-01hzzzzzzzzzzzzzzzzzzzzz77' });
    await expectDropped('unknown machine');
    await rig.ports.machines.put({ ...machine, revoked: true });
    await agent.send(event);
    await expectDropped('revoked machine');
    await rig.ports.machines.put({ ...machine, epoch: 2 });
    await agent.send(event);
    await expectDropped('old registration');
  });

  test('what is no event at all', async () => {
    for (const message of ['text', null, 7, {}, { v: 1, kind: 'accepted' }]) await agent.send(message);
    await agent.send(agent.envelope('done', { outcome: 'Perhaps' } as never, grant));
    await expectDropped('malformed', 6);
  });
});

test('an outage is thrown, so that the broker delivers the event again', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig);
  const event = agent.envelope('accepted', {}, agent.offered());
  const { raise } = rig.instances;
  rig.instances.raise = () => Promise.reject(new Error('events away'));
  await expect(agent.send(event)).rejects.toThrow('events away');
  rig.instances.raise = raise;
  await agent.send(event);
  expect(agent.commands('go')).toMatchObject([{ run }]);
});

test('a heartbeat brings a machine back that was offline', async () => {
  await agent.hello();
  await rig.live(3 * MINUTE);
  expect((await rig.queue(agent.machine)).machines).toMatchObject([{ online: false }]);
  await agent.heartbeat();
  expect((await rig.queue(agent.machine)).machines).toMatchObject([{ online: true }]);
});

test('a changed report reaches the queue and the list of machines', async () => {
  await agent.hello();
  await agent.hello({ maxSessions: 2 });
  expect((await rig.queue(agent.machine)).machines[0]?.facts.maxSessions).toBe(2);
  expect((await rig.ports.machines.get(agent.machine))?.report.maxSessions).toBe(2);
});
