import type { FlowDefinition } from '../../contracts/flow-definition';
import { flowDefinition } from '../../contracts/flow-definition';
import type { CloudRunStatus } from '../../contracts/runs';
import type { CloudFlowRunResult } from '../../domain/runs/run-inputs';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { HOUR, publishDesktopFlow, runId, SECOND } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agents: [TestAgent, TestAgent, TestAgent];
beforeEach(async () => {
  rig = startApp();
  agents = [
    await TestAgent.register(rig, 1),
    await TestAgent.register(rig, 2),
    await TestAgent.register(rig, 3),
  ];
  for (const agent of agents) await agent.hello();
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

const run = runId(1);

type Given = Pick<FlowDefinition, 'outputs'> & { actions: Record<string, unknown> };

async function startFlow({ actions, outputs }: Given, triggerBody: unknown = {}): Promise<void> {
  const definition = flowDefinition.parse({
    name: 'flow',
    triggers: { manual: { type: 'Request' } },
    actions,
    ...(outputs ? { outputs } : {}),
  });
  const { hash } = await rig.ports.flows.put(definition);
  const input = { run, flow: 'flow', definition: hash, triggerBody, startedBy: 'ann', trigger: 'Button' };
  await rig.start('cloud-flow-run', input, run);
}

const cloudRun = (): ReturnType<typeof rig.instance<CloudFlowRunResult, CloudRunStatus>> =>
  rig.instance<CloudFlowRunResult, CloudRunStatus>(run);

function desktop(
  machine: number,
  inputs: Record<string, unknown> = {},
  runAfter?: Record<string, string[]>,
): unknown {
  return {
    type: 'DesktopFlow',
    inputs: { desktopFlow: 'invoices', connection: `machine-${machine}`, inputs },
    ...(runAfter ? { runAfter } : {}),
  };
}

test('A5: outputs of one action are inputs of the next, and of the flow', async () => {
  await startFlow(
    {
      actions: {
        Read: desktop(1, { file: "@triggerBody()['file']" }),
        Sum: {
          type: 'Compose',
          inputs: { text: "@{outputs('Read').total} EUR" },
          runAfter: { Read: ['Succeeded'] },
        },
        Book: desktop(1, { amount: "@outputs('Read')?['total']" }, { Sum: ['Succeeded'] }),
      },
      outputs: { sum: "@outputs('Sum').text", booking: "@body('Book')?['id']" },
    },
    { file: 'a.csv' },
  );
  const [agent] = agents;
  expect((await cloudRun()).customStatus).toMatchObject({
    state: 'Running',
    actions: { Read: { status: 'Running', run: `${run}-1` } },
  });
  await agent.succeed(await agent.startRun(), { total: 7 });
  await agent.succeed(await agent.startRun(), { id: 'B1' });
  expect(agent.commands('go').map(({ inputs }) => inputs)).toEqual([{ file: 'a.csv' }, { amount: 7 }]);
  expect(await cloudRun()).toMatchObject({
    status: 'Completed',
    output: { state: 'Succeeded', outputs: { sum: '7 EUR', booking: 'B1' } },
  });
  expect(rig.ports.rows.get(run)).toMatchObject({
    kind: 'cloud',
    name: 'flow',
    state: 'Succeeded',
    startedBy: 'ann',
  });
  expect((await rig.ports.runs.children(run)).map((row) => row.run)).toEqual([`${run}-1`, `${run}-2`]);
});

test('A5: a failed action skips what waits for its success, and starts what waits for its failure', async () => {
  await startFlow({
    actions: {
      Read: desktop(1),
      Book: desktop(1, {}, { Read: ['Succeeded'] }),
      Report: { type: 'Compose', inputs: 'failed', runAfter: { Read: ['Failed'] } },
    },
  });
  const [agent] = agents;
  const error = { code: 'DesktopFlowFailed' as const, message: 'boom' };
  await agent.say('done', { outcome: 'Failed', error }, await agent.startRun());
  expect((await cloudRun()).output).toMatchObject({
    state: 'Failed',
    error,
    actions: { Read: { status: 'Failed' }, Book: { status: 'Skipped' }, Report: { status: 'Succeeded' } },
  });
});

test('A5: a failure that a later action was there to handle does not fail the run', async () => {
  await startFlow({
    actions: {
      Read: desktop(1),
      Report: { type: 'Compose', inputs: 'failed', runAfter: { Read: ['Failed'] } },
    },
  });
  const [agent] = agents;
  await agent.say('done', { outcome: 'Failed' }, await agent.startRun());
  expect((await cloudRun()).output).toMatchObject({ state: 'Succeeded' });
});

test('A5: branches run in parallel, and one does not wait for the other', async () => {
  await startFlow({
    actions: {
      Slow: desktop(1),
      Quick: desktop(2),
      AfterQuick: desktop(3, {}, { Quick: ['Succeeded'] }),
      Both: { type: 'Compose', inputs: 'both', runAfter: { Slow: ['Succeeded'], AfterQuick: ['Succeeded'] } },
    },
  });
  const [slow, quick, third] = agents;
  const slowGrant = await slow.startRun();
  await quick.succeed(await quick.startRun());
  const thirdGrant = await third.startRun();
  await rig.advance(HOUR);
  await slow.succeed(slowGrant);
  expect((await cloudRun()).customStatus.actions).toMatchObject({
    Slow: { status: 'Succeeded' },
    AfterQuick: { status: 'Running' },
  });
  await third.succeed(thirdGrant);
  expect((await cloudRun()).output).toMatchObject({ state: 'Succeeded' });
});

test('a child that broke without a word is found', async () => {
  const { get } = rig.ports.desktopFlows;
  rig.ports.desktopFlows.get = (name) =>
    name === 'away' ? Promise.reject(new Error('store away')) : get(name);
  const away = { type: 'DesktopFlow', inputs: { desktopFlow: 'away', connection: 'machine-2' } };
  await startFlow({ actions: { A: desktop(1), B: away, C: desktop(3, {}, { A: ['Succeeded'] }) } });
  const [a, , c] = agents;
  await a.succeed(await a.startRun());
  const last = await c.startRun();
  await rig.advance(2 * HOUR);
  expect((await cloudRun()).customStatus.actions).toMatchObject({
    B: { status: 'Failed', error: { code: 'Internal' } },
  });
  await c.succeed(last);
  expect((await cloudRun()).output).toMatchObject({ state: 'Failed' });
});

describe('A7: cancel', () => {
  test('reaches every open child, whatever it is doing', async () => {
    await startFlow({
      actions: {
        Runs: desktop(1),
        AlsoRuns: desktop(2),
        Waits: desktop(1),
        Later: desktop(3, {}, { Runs: ['Succeeded'] }),
      },
    });
    const [first, second] = agents;
    const runs = await first.startRun();
    const alsoRuns = await second.startRun();
    await rig.instances.raise(run, 'inbox', { kind: 'cancel', by: 'ben' });
    await rig.idle();
    expect((await rig.instance(`${run}-3`)).output).toMatchObject({ state: 'Cancelled' });
    expect((await cloudRun()).status).toBe('Running');
    await first.say('done', { outcome: 'Stopped' }, runs);
    await second.say('done', { outcome: 'Stopped' }, alsoRuns);
    expect((await cloudRun()).output).toMatchObject({
      state: 'Cancelled',
      error: { code: 'Cancelled', details: 'by ben' },
      actions: {
        Runs: { status: 'Cancelled' },
        AlsoRuns: { status: 'Cancelled' },
        Waits: { status: 'Cancelled' },
        Later: { status: 'Cancelled' },
      },
    });
    expect(agents[2].commands()).toEqual([]);
  });

  test('also in a flow that is walked in segments', async () => {
    const names = Array.from({ length: 30 }, (_value, index) => `Step${index}`);
    await startFlow({ actions: Object.fromEntries(names.map((name) => [name, desktop(1)])) });
    await agents[0].succeed(await agents[0].startRun());
    const grant = await agents[0].startRun();
    await rig.instances.raise(run, 'inbox', { kind: 'cancel' });
    await rig.idle();
    await agents[0].say('done', { outcome: 'Stopped' }, grant);
    const { output } = await cloudRun();
    expect(output.state).toBe('Cancelled');
    expect(output.actions).toMatchObject({
      Step0: { status: 'Succeeded' },
      Step1: { status: 'Cancelled' },
      Step29: { status: 'Cancelled' },
    });
    expect((await rig.queue(agents[0].machine)).entries).toEqual([]);
  });
});

test('a flow of 60 desktop flows is walked in segments, each history under 500 events', async () => {
  const names = Array.from({ length: 60 }, (_value, index) => `Step${index}`);
  const chain = names.map((name, index) => [
    name,
    desktop((index % 3) + 1, { n: index }, index < 3 ? undefined : { [`Step${index - 3}`]: ['Succeeded'] }),
  ]);
  await startFlow({
    actions: Object.fromEntries(chain) as Record<string, unknown>,
    outputs: { last: "@outputs('Step59').n" },
  });
  for (let n = 0; n < 60; n++) {
    const agent = agents.find((each) => each.commands('offer').length > each.commands('go').length);
    if (!agent) throw new Error(`nothing is offered after ${n} runs`);
    const grant = await agent.startRun();
    await agent.succeed(grant, { n: agent.commands('go').at(-1)?.inputs['n'] });
    await rig.advance(SECOND);
  }
  expect((await cloudRun()).output).toMatchObject({ state: 'Succeeded', outputs: { last: 59 } });
  for (const instance of [run, `${run}.1`, `${run}.2`, `${run}.3`]) {
    expect((await rig.history(instance)).length).toBeLessThan(500);
  }
});

describe('what cannot be evaluated fails its action with the reason', () => {
  test.each([
    ["@outputs('Nobody')", 'Nobody'],
    ["@triggerBody()['missing']", 'missing'],
    ['@nonsense(1)', 'nonsense'],
  ])('%s', async (expression, word) => {
    await startFlow({ actions: { Read: desktop(1, { x: expression }) } });
    const { output } = await cloudRun();
    expect(output).toMatchObject({ state: 'Failed', error: { code: 'ExpressionFailed' } });
    expect(output.error?.details).toContain(word);
  });
});

test('a definition whose actions wait for each other in a circle fails at once', async () => {
  await startFlow({
    actions: {
      A: { type: 'Compose', inputs: 1, runAfter: { B: ['Succeeded'] } },
      B: { type: 'Compose', inputs: 2, runAfter: { A: ['Succeeded'] } },
    },
  });
  expect((await cloudRun()).output).toMatchObject({ state: 'Failed', error: { code: 'InvalidDefinition' } });
});

test('outputs too large for the custom status are left out of it, not out of the result', async () => {
  await startFlow({ actions: { Big: { type: 'Compose', inputs: 'x'.repeat(20_000) } } });
  const { customStatus, output } = await cloudRun();
  expect(JSON.stringify(customStatus).length).toBeLessThan(8_192);
  expect(output.actions['Big']?.outputs).toHaveLength(20_000);
});
