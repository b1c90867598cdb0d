import { commandMessageId } from '../../contracts/agent-protocol';
import { settingsSchema } from '../../contracts/settings';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import {
  cancel,
  desktopRun,
  HOUR,
  MINUTE,
  publishDesktopFlow,
  SECOND,
  startDesktopRun,
  story,
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

async function holders(): Promise<string[]> {
  return (await rig.queue(agent.machine)).grants.map(({ entry }) => entry.run);
}

/** Ends an instance as an operator with a storage explorer would: none of its code runs. */
async function terminate(run: string): Promise<void> {
  await rig.engine.terminate(run, 'test');
  await rig.idle();
}

/** Until it ends, nobody can be told anything; or only this one cannot. */
function outageOfEvents(only?: string): { end(): void } {
  const { raise } = rig.instances;
  rig.instances.raise = (instance, ...rest) =>
    (only ?? instance) === instance ? Promise.reject(new Error('events away')) : raise(instance, ...rest);
  return { end: () => void (rig.instances.raise = raise) };
}

describe('rule 1: the deadline stays armed until go', () => {
  test('grant against timeout: accepted after the deadline, no go, released, TimedOut', async () => {
    const run = await startDesktopRun(rig);
    await rig.advance(3 * HOUR - 30 * SECOND);
    await agent.hello();
    const grant = agent.offered();
    await rig.advance(30 * SECOND);
    await agent.say('accepted', {}, grant);
    expect(agent.commands('go')).toEqual([]);
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'TimedOut',
      error: { code: 'NoCandidateMachine', subCode: 'notAccepted' },
    });
    expect(await holders()).toEqual([]);
  });

  test('the grant was faster than withdraw: released all the same', async () => {
    const run = await startDesktopRun(rig);
    const outage = outageOfEvents();
    await agent.hello();
    expect(await holders()).toEqual([run]);
    await rig.advance(3 * HOUR);
    outage.end();
    expect((await desktopRun(rig, run)).output.state).toBe('TimedOut');
    expect(agent.commands('go')).toEqual([]);
    expect(await holders()).toEqual([]);
  });

  test('accepted just before the deadline: go, and the deadline is over', async () => {
    const run = await startDesktopRun(rig);
    await rig.advance(3 * HOUR - 30 * SECOND);
    await agent.hello();
    const grant = await agent.startRun();
    await rig.advance(HOUR);
    await agent.succeed(grant);
    expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
  });
});

describe('rule 2: an agent starts only within its go window, and proves it when it did not', () => {
  test('never after go: Failed, not returned to the queue, machine free', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const grant = await agent.accept();
    await agent.say('never', { reason: 'go came after ten minutes' }, grant);
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'Failed',
      error: {
        code: 'UIFlowAgentNotAvailable',
        subCode: 'NeverStarted',
        details: 'go came after ten minutes',
      },
    });
    expect(agent.commands('offer')).toHaveLength(1);
    expect(await holders()).toEqual([]);
  });

  test('never before go: as good as a refusal, the run keeps its place', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    await agent.say('never', { reason: 'restarted' }, agent.offered());
    await rig.advance(31 * SECOND);
    await agent.succeed(await agent.startRun());
    expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
  });

  test("row H3's three hours exceed the go window", () => {
    const { silenceMs, goWindowMs } = settingsSchema.parse({});
    expect(silenceMs).toBeGreaterThan(goWindowMs + HOUR);
  });
});

describe('rule 3: the agent has the last word on capacity', () => {
  test('refused at the offer: back in the queue', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    await agent.say('refused', { error: { code: 'UIFlowAlreadyRunning', message: 'busy' } }, agent.offered());
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Queued');
    expect(await holders()).toEqual([]);
  });

  test('never at go: ended, not repeated', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    await agent.say('never', { reason: 'no capacity any more' }, await agent.accept());
    expect((await desktopRun(rig, run)).output.state).toBe('Failed');
    expect(agent.commands('offer')).toHaveLength(1);
  });
});

describe('rule 4: the machine of an ended owner is stopped before it is freed', () => {
  test("stop is sent, the agent's terminal report frees the machine", async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const grant = await agent.startRun();
    await terminate(run);
    expect(await holders()).toEqual([run]);
    await rig.tick('watch-queues');
    expect(agent.commands('stop')).toMatchObject([{ run, reason: 'orphaned' }]);
    expect(await holders()).toEqual([run]);
    await agent.say('done', { outcome: 'Stopped' }, grant);
    expect(await holders()).toEqual([]);
  });

  test('an owner that has ended before it was granted', async () => {
    await agent.hello();
    const running = await startDesktopRun(rig, 1);
    const ended = await startDesktopRun(rig, 2);
    const grant = await agent.startRun();
    await terminate(ended);
    await agent.succeed(grant);
    expect(await holders()).toEqual([ended]);
    await rig.tick('watch-queues');
    expect(agent.commands('stop')).toMatchObject([{ run: ended, reason: 'orphaned' }]);
    expect(agent.commands('go').map((go) => go.run)).toEqual([running]);
  });

  test('three hours of silence free it too, and not a minute less', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    await agent.startRun();
    await terminate(run);
    await rig.tick('watch-queues');
    await rig.live(3 * HOUR - MINUTE);
    expect(await holders()).toEqual([run]);
    await rig.live(3 * MINUTE);
    expect(await holders()).toEqual([]);
  });

  test('an owner that nobody knows: found when it is told', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig, 1);
    const purged = await startDesktopRun(rig, 2);
    const grant = await agent.startRun();
    await terminate(purged);
    await rig.engine.purge(purged);
    await agent.succeed(grant);
    expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
    expect(agent.commands('stop')).toMatchObject([{ run: purged, reason: 'orphaned' }]);
  });
});

test('rule 5: what a starting listener reports of the workers it killed ends their runs', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig);
  const grant = await agent.startRun();
  const error = { code: 'SessionNotFound' as const, message: 'restarted' };
  await agent.say('done', { outcome: 'Failed', error }, grant);
  await agent.hello();
  expect((await desktopRun(rig, run)).output).toMatchObject({ state: 'Failed', error });
  expect(await holders()).toEqual([]);
});

describe('rule 6: calls name their grant', () => {
  test('a return that is answered stale requests again with the old deadline', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const first = agent.offered();
    await rig.start(
      'queue-command',
      {
        queue: agent.machine,
        order: { kind: 'release', grant: { ...first, machine: agent.machine }, outcome: 'test' },
      },
      'release',
    );
    await rig.advance(60 * SECOND);
    expect(agent.offered()).toMatchObject({ run, fence: { n: first.fence.n + 1 } });
    const [granted] = (await rig.queue(agent.machine)).grants;
    expect(granted && granted.entry.deadlineMs - granted.entry.requestedMs).toBe(3 * HOUR);
    expect(granted?.entry.requestedMs).toBe(rig.clock.now() - 60 * SECOND);
  });

  test('a release of an earlier grant leaves the current one alone', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    const first = agent.offered();
    await rig.advance(91 * SECOND);
    const order = { kind: 'release', grant: { ...first, machine: agent.machine }, outcome: 'late' };
    await rig.start('queue-command', { queue: agent.machine, order }, 'release');
    expect((await rig.instance('release')).output).toEqual({ kind: 'stale' });
    expect(await holders()).toEqual([run]);
  });
});

test('rule 7: what nobody delivered is delivered by the watch', async () => {
  await agent.hello();
  await startDesktopRun(rig, 1);
  const second = await startDesktopRun(rig, 2);
  const grant = await agent.startRun();
  const event = agent.envelope('done', { outcome: 'Succeeded' }, grant);
  await agent.send(event);
  const third = await startDesktopRun(rig, 3);
  const next = await agent.startRun();
  expect(next.run).toBe(second);
  const { raise } = rig.instances;
  rig.instances.raise = (instance, ...rest) =>
    instance === third ? Promise.reject(new Error('away')) : raise(instance, ...rest);
  await agent.succeed(next);
  expect(await holders()).toEqual([third]);
  expect(await story(rig, third)).not.toContain('offered to machine');
  rig.instances.raise = raise;
  await rig.live(3 * MINUTE, () => agent.heartbeat());
  expect(await story(rig, third)).toContain('offered to machine');
  expect((await rig.queue(agent.machine)).outbox.length).toBeLessThan(20);
});

test('an answer that overtakes the word of its grant is heard when that has come', async () => {
  await agent.hello();
  await startDesktopRun(rig, 1);
  const second = await startDesktopRun(rig, 2);
  const grant = await agent.startRun();
  const outage = outageOfEvents(second);
  await agent.succeed(grant);
  outage.end();
  const next = await agent.accept();
  expect(next.run).toBe(second);
  expect(agent.commands('go').map(({ run }) => run)).not.toContain(second);
  // Whatever the queue does next has its courier try again.
  await startDesktopRun(rig, 3);
  expect(agent.commands('go').map(({ run }) => run)).toContain(second);
  await agent.succeed(next);
  expect((await desktopRun(rig, second)).output.state).toBe('Succeeded');
});

test('rule 10: go names the very fence that was accepted', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig);
  await rig.advance(91 * SECOND);
  const grant = await agent.accept();
  expect(grant.fence.n).toBe(2);
  expect(agent.commands('go')).toMatchObject([{ run, fence: grant.fence }]);
});

test('rule 11: presence is compared in both directions and corrected', async () => {
  await agent.hello();
  const presence = (online: boolean, id: string): Promise<void> =>
    rig.start(
      'queue-command',
      {
        queue: agent.machine,
        order: { kind: 'presence', machine: agent.machine, epoch: 1, online, seq: agent.seq },
      },
      id,
    );
  const online = async (): Promise<boolean | undefined> =>
    (await rig.queue(agent.machine)).machines[0]?.online;
  await presence(false, 'wrong');
  expect(await online()).toBe(false);
  await rig.tick('watch-machines');
  expect(await online()).toBe(true);
  await rig.advance(2 * MINUTE);
  await rig.tick('watch-machines');
  expect(await online()).toBe(false);
  expect((await rig.ports.presence.get(agent.machine))?.online).toBe(false);
});

test('rule 12: of two reports after a stop, the one of the current fence ends the run', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig);
  const first = agent.offered();
  await rig.advance(91 * SECOND);
  const current = await agent.accept();
  await cancel(rig, run);
  expect(agent.commands('stop')).toMatchObject([{ run, fence: current.fence }]);
  await agent.say('done', { outcome: 'Stopped' }, first);
  expect((await desktopRun(rig, run)).status).toBe('Running');
  await agent.say('never', { reason: 'started under an earlier fence' }, current);
  expect((await desktopRun(rig, run)).output.state).toBe('Cancelled');
  expect(await holders()).toEqual([]);
});

test('a machine that is freed by hand: the run ends, the agent is told, the next run starts under a higher fence', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig, 1);
  const next = await startDesktopRun(rig, 2);
  await agent.startRun();
  const order = { kind: 'releaseByHand', machine: agent.machine, reason: 'hangs', actor: 'ann' };
  await rig.start('queue-command', { queue: agent.machine, order }, 'by-hand');
  // Perhaps more than once: the broker drops repeats by their message id.
  expect(new Set(agent.commands('stop').map((command) => commandMessageId(command)))).toEqual(
    new Set([`${run}:${agent.machine}:1.1:stop`]),
  );
  expect((await desktopRun(rig, run)).output).toMatchObject({
    state: 'Failed',
    error: { code: 'SessionNotFound', subCode: 'ReleasedByHand' },
  });
  expect(agent.offered()).toMatchObject({ run: next, fence: { n: 2 } });
  expect(await story(rig, next)).toContain('offered to machine');
});

test('H3, L4: a machine registered anew without its journal: the run fails after three hours, then the machine is free', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig, 1);
  await agent.startRun();
  await agent.registerAnew();
  await agent.hello();
  await rig.live(2 * HOUR, () => agent.heartbeat());
  expect((await desktopRun(rig, run)).status).toBe('Running');
  expect(await holders()).toEqual([run]);
  const next = await startDesktopRun(rig, 2);
  await rig.live(61 * MINUTE, () => agent.heartbeat());
  expect((await desktopRun(rig, run)).output).toMatchObject({
    state: 'Failed',
    error: { code: 'ConnectionTimeout' },
  });
  expect(agent.offered()).toMatchObject({ run: next, fence: { epoch: 2 } });
});
