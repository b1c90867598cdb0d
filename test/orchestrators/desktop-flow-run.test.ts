import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import {
  desktopRun,
  desktopRunInput,
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

test('a run is granted, offered, told to go, followed and recorded', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig);
  expect(agent.commands().map(({ kind }) => kind)).toEqual(['offer']);
  const grant = await agent.startRun();
  expect(await desktopRun(rig, run)).toMatchObject({
    customStatus: { state: 'Running', machine: agent.machine, queue: agent.machine },
  });
  await agent.succeed(grant, { total: '12.30' });
  expect(await desktopRun(rig, run)).toMatchObject({
    status: 'Completed',
    output: { state: 'Succeeded', outputs: { total: '12.30' }, machine: agent.machine },
  });
  expect(rig.ports.rows.get(run)).toMatchObject({ state: 'Succeeded', machine: agent.machine });
  expect((await rig.queue(agent.machine)).grants).toEqual([]);
});

test('F10: the custom status tells the story of the run', async () => {
  await agent.hello();
  const run = await startDesktopRun(rig);
  await agent.say('refused', { error: { code: 'UIFlowAlreadyRunning', message: 'busy' } }, agent.offered());
  await rig.advance(31 * SECOND);
  await agent.succeed(await agent.startRun());
  expect(await story(rig, run)).toEqual([
    'queued',
    'offered to machine',
    'refused by machine',
    'returned to queue',
    'offered to machine',
    'told to go',
    'started',
    'Succeeded',
  ]);
});

test('F10: the queue records its changes in the feed, numbered without gaps', async () => {
  await agent.hello();
  await startDesktopRun(rig);
  await agent.succeed(await agent.startRun());
  const entries = await rig.ports.feed.read(agent.machine, 0, 100);
  expect(entries.map(({ number }) => number)).toEqual(entries.map((_entry, index) => index + 1));
  expect(entries.map(({ change }) => (change as { what: string }).what)).toEqual(
    expect.arrayContaining(['queued', 'granted', 'released']),
  );
  await rig.live(3 * MINUTE);
  expect((await rig.queue(agent.machine)).outbox).toEqual([]);
});

test('F7: three hours pass without a machine: TimedOut, NoCandidateMachine, the reason as sub-code', async () => {
  const run = await startDesktopRun(rig);
  await rig.advance(3 * HOUR - SECOND);
  expect((await desktopRun(rig, run)).customStatus.state).toBe('Queued');
  await rig.advance(SECOND);
  expect(await desktopRun(rig, run)).toMatchObject({
    status: 'Completed',
    output: {
      state: 'TimedOut',
      error: {
        code: 'NoCandidateMachine',
        message: 'No machine able to run the desktop flow has been found.',
        subCode: 'offline',
      },
    },
  });
  expect(rig.ports.sent).toEqual([]);
  expect((await rig.queue(agent.machine)).entries).toEqual([]);
});

test('F7: the queue timeout of the action counts', async () => {
  const run = await startDesktopRun(rig, 1, desktopRunInput({ queueTimeout: 'PT5M' }));
  await rig.advance(5 * MINUTE);
  expect((await desktopRun(rig, run)).output.state).toBe('TimedOut');
});

test('H2: a machine that comes back within the three hours runs what waited', async () => {
  const run = await startDesktopRun(rig);
  await rig.advance(2 * HOUR);
  await agent.hello();
  await agent.succeed(await agent.startRun());
  expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
});

test('H2: an offer that nobody accepts within 60 s gives the run back to its old place', async () => {
  await agent.hello();
  const first = await startDesktopRun(rig, 1);
  await startDesktopRun(rig, 2);
  await rig.advance(60 * SECOND);
  expect(await story(rig, first)).toContain('returned to queue');
  // The machine is offered the second run meanwhile; half a minute later the first is ahead of everybody again.
  const second = await agent.startRun();
  await startDesktopRun(rig, 3);
  await rig.advance(31 * SECOND);
  await agent.succeed(second);
  expect(agent.commands('offer').map(({ run }) => run)).toEqual([
    first,
    expect.stringMatching(/02-1$/),
    first,
  ]);
});

test('F1: one run at a time on a machine, in the order of their requests', async () => {
  await agent.hello();
  const runs = [await startDesktopRun(rig, 1), await startDesktopRun(rig, 2), await startDesktopRun(rig, 3)];
  const order: string[] = [];
  for (let n = 0; n < 3; n++) {
    const grant = await agent.startRun();
    expect(agent.commands('offer')).toHaveLength(n + 1);
    order.push(grant.run);
    await agent.succeed(grant);
  }
  expect(order).toEqual(runs);
});

test('F1: priority goes before time', async () => {
  await agent.hello();
  await startDesktopRun(rig, 1);
  await startDesktopRun(rig, 2);
  const urgent = await startDesktopRun(rig, 3, desktopRunInput({ priority: 'high' }));
  await agent.succeed(await agent.startRun());
  expect(agent.offered().run).toBe(urgent);
});

describe('I1: the run timeout', () => {
  test.each([
    ['PT24H', undefined, 24 * HOUR],
    ['PT10M', 'PT10M', 10 * MINUTE],
    ['seven days and an hour', 'P7DT1H', (7 * 24 + 1) * HOUR],
    ['thirty-one days', 'P31D', 31 * 24 * HOUR],
  ])('%s', async (_name, runTimeout, ms) => {
    await agent.hello();
    const run = await startDesktopRun(rig, 1, desktopRunInput({}, { runTimeout }));
    const grant = await agent.startRun();
    await rig.advance(ms - SECOND);
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Running');
    await rig.advance(SECOND);
    expect((await desktopRun(rig, run)).customStatus.state).toBe('Stopping');
    expect(agent.commands('stop')).toMatchObject([{ run, reason: 'timedOut', graceMs: 60_000 }]);
    await agent.say('done', { outcome: 'Stopped' }, grant);
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'TimedOut',
      error: {
        code: 'DesktopFlowsActionTimeout',
        message: 'The execution of the desktop flow action exceeded maximum duration.',
      },
    });
    expect((await rig.history(run)).length).toBeLessThan(500);
  });
});

describe('refusals', () => {
  test.each([
    ['C4', 'Win10AlreadyHasActiveSession'],
    ['C5', 'SessionExistsForTheUserWhenUnattended'],
    ['E1', 'AttendedUserNotLoggedIn'],
    ['L5', 'RunnerNotAvailable'],
  ] as const)('%s: %s fails at once and frees the machine', async (_row, code) => {
    await agent.hello();
    const run = await startDesktopRun(rig);
    await agent.say('refused', { error: { code, message: 'as the agent says' } }, agent.offered());
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'Failed',
      error: { code, message: 'as the agent says' },
    });
    expect((await rig.queue(agent.machine)).grants).toEqual([]);
  });

  test('H2: a machine that refuses for ever: the run ends at its deadline with the reason, in a short history', async () => {
    await agent.hello();
    const run = await startDesktopRun(rig, 1, desktopRunInput({ queueTimeout: 'P7D' }));
    let offers = 0;
    for (let minutes = 0; minutes < 7 * 24 * 60; minutes += 10) {
      if (agent.commands('offer').length > offers) {
        offers = agent.commands('offer').length;
        const error = { code: 'UIFlowAlreadyRunning' as const, message: 'busy' };
        await agent.say('refused', { error }, agent.offered());
      }
      await rig.advance(10 * MINUTE);
    }
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'TimedOut',
      error: { code: 'NoCandidateMachine' },
    });
    expect(offers).toBeGreaterThan(10);
    expect((await rig.history(run)).length).toBeLessThan(500);
  });
});

describe('what cannot be resolved fails before it waits', () => {
  test.each([
    ['DesktopFlowNotFound', { desktopFlow: 'nothing' }],
    ['ConnectionNotFound', { connection: 'nowhere' }],
  ])('%s', async (code, action) => {
    const run = await startDesktopRun(rig, 1, desktopRunInput(action));
    expect((await desktopRun(rig, run)).output).toMatchObject({ state: 'Failed', error: { code } });
    expect(rig.ports.rows.get(run)).toMatchObject({ state: 'Failed', error: { code } });
  });

  test('EndpointDoNotExist: the machine of the connection is gone', async () => {
    const id = 'm-01hzzzzzzzzzzzzzzzzzzzzz99';
    await rig.ports.connections.put({
      name: 'gone',
      target: { kind: 'machine', id },
      hasCredential: false,
    });
    const run = await startDesktopRun(rig, 1, desktopRunInput({ connection: 'gone' }));
    expect((await desktopRun(rig, run)).output.error).toMatchObject({ code: 'EndpointDoNotExist' });
  });

  test('InvalidInput: inputs that do not fit the desktop flow', async () => {
    await publishDesktopFlow(rig, { type: 'object', required: ['file'] });
    const run = await startDesktopRun(rig);
    expect((await desktopRun(rig, run)).output.error).toMatchObject({ code: 'InvalidInput' });
  });
});

test('F8: a full queue refuses with QueueFull', async () => {
  await rig.start(
    'queue-command',
    { queue: agent.machine, order: { kind: 'settings', settings: { maxEntries: 1 }, actor: 'ann' } },
    'settings',
  );
  await startDesktopRun(rig, 1);
  const second = await startDesktopRun(rig, 2);
  expect((await desktopRun(rig, second)).output).toMatchObject({
    state: 'Failed',
    error: { code: 'QueueFull' },
  });
});

test('an outage of the broker while the offer is sent costs a minute, not the run', async () => {
  await agent.hello();
  let away = true;
  rig.ports.onSend = () => {
    if (away) throw new Error('broker away');
  };
  const run = await startDesktopRun(rig);
  await rig.advance(60 * SECOND);
  away = false;
  await rig.advance(31 * SECOND);
  await agent.succeed(await agent.startRun());
  expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
});
