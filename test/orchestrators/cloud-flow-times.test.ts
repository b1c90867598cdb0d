import type { CloudRunStatus } from '../../contracts/runs';
import type { CloudFlowRunResult } from '../../domain/runs/run-inputs';
import { checkDefinition } from '../../domain/flows/definition-problems';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { HOUR, MINUTE, publishDesktopFlow, runId } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig, 1);
  await agent.hello();
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

const run = runId(1);
const DAY = 24 * HOUR;
const after = (...names: string[]) => ({
  runAfter: Object.fromEntries(names.map((name) => [name, ['Succeeded']])),
});
const compose = (inputs: unknown, ...names: string[]) => ({ type: 'Compose', inputs, ...after(...names) });
const desktop = { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'machine-1' } };

interface Given {
  actions: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** Starts a flow as `PUT flows/{flow}` would take it. */
async function start(given: Given): Promise<void> {
  const checked = checkDefinition({ name: 'flow', triggers: { manual: { type: 'Request' } }, ...given });
  expect(checked.problems).toEqual([]);
  if (!checked.definition) throw new Error('the definition is wrong');
  const { hash } = await rig.ports.flows.put(checked.definition);
  const input = { run, flow: 'flow', definition: hash, triggerBody: {}, startedBy: 'ann' };
  await rig.start('cloud-flow-run', input, run);
}

const cloudRun = () => rig.instance<CloudFlowRunResult, CloudRunStatus>(run);
const output = async () => (await cloudRun()).output;
const cancelRun = async () => {
  await rig.instances.raise(run, 'inbox', { kind: 'cancel', by: 'ben' });
  await rig.idle();
};
describe('I1: waits and long runs, on the virtual clock', () => {
  test.each([
    ['25 hours', { count: 25, unit: 'Hour' }, 25 * HOUR],
    ['8 days', { count: 8, unit: 'Day' }, 8 * DAY],
    ['31 days', { count: 31, unit: 'Day' }, 31 * DAY],
  ])('Wait %s', async (_name, interval, ms) => {
    await start({ actions: { Wait: { type: 'Wait', inputs: { interval } }, Done: compose(1, 'Wait') } });
    await rig.advance(ms - MINUTE);
    expect((await cloudRun()).customStatus).toMatchObject({ actions: { Wait: { status: 'Running' } } });
    await rig.advance(MINUTE);
    expect(await output()).toMatchObject({ state: 'Succeeded' });
  });

  test('Wait until an instant that an expression makes; one that has passed is over at once', async () => {
    const until = (timestamp: string) => ({ type: 'Wait', inputs: { until: { timestamp } } });
    await start({
      actions: {
        Past: until('2020-01-01T00:00:00Z'),
        Soon: { ...until('@addHours(utcNow(), 3)'), ...after('Past') },
      },
    });
    await rig.advance(3 * HOUR - MINUTE);
    expect((await cloudRun()).status).toBe('Running');
    await rig.advance(MINUTE);
    expect((await cloudRun()).status).toBe('Completed');
  });

  test('a cancel ends a wait at once', async () => {
    await start({ actions: { Wait: { type: 'Wait', inputs: { interval: { count: 31, unit: 'Day' } } } } });
    await cancelRun();
    expect(await output()).toMatchObject({ state: 'Cancelled', actions: { Wait: { status: 'Cancelled' } } });
  });

  test('a desktop flow that runs longer than its 31 days ends as DesktopFlowsActionTimeout', async () => {
    await start({ actions: { Long: { ...desktop, limit: { timeout: 'P31D' } }, Beside: compose(1) } });
    const grant = await agent.startRun();
    await rig.advance(31 * DAY);
    await agent.say('done', { outcome: 'Stopped' }, grant);
    expect(await output()).toMatchObject({
      state: 'TimedOut',
      error: { code: 'DesktopFlowsActionTimeout' },
      actions: { Long: { status: 'TimedOut' } },
    });
    expect((await rig.history(run)).length).toBeLessThan(500);
  });
});

describe('A5: a desktop-flow action is tried again after transient errors only', () => {
  const retried = {
    ...desktop,
    inputs: { ...desktop.inputs, retryPolicy: { type: 'exponential', count: 2, interval: 'PT1M' } },
  };
  const fail = async (code: 'SessionCreationError' | 'DesktopFlowFailed') =>
    agent.say('done', { outcome: 'Failed', error: { code, message: 'no' } }, await agent.startRun());

  test('each try is a run of its own, linked to the action', async () => {
    await start({ actions: { Retried: retried }, outputs: { n: "@outputs('Retried').n" } });
    await fail('SessionCreationError');
    await rig.advance(MINUTE);
    await fail('SessionCreationError');
    await rig.advance(2 * MINUTE);
    await agent.succeed(await agent.startRun(), { n: 3 });
    const { state, outputs, actions } = await output();
    expect([state, outputs]).toEqual(['Succeeded', { n: 3 }]);
    expect(actions['Retried']).toMatchObject({
      run: `${run}.1-3`,
      earlierRuns: [`${run}.1-1`, `${run}.1-2`],
    });
    expect((await rig.ports.runs.children(run)).map((row) => [row.run, row.state])).toEqual([
      [`${run}.1-1`, 'Failed'],
      [`${run}.1-2`, 'Failed'],
      [`${run}.1-3`, 'Succeeded'],
    ]);
  });

  test('when all tries are used up, the error of the last stands', async () => {
    await start({
      actions: {
        Retried: retried,
        Told: { ...compose("@actions('Retried').error.code"), runAfter: { Retried: ['Failed'] } },
      },
      outputs: { code: "@outputs('Told')" },
    });
    for (let n = 0; n < 3; n++) {
      await fail('SessionCreationError');
      await rig.advance(4 * MINUTE);
    }
    expect((await output()).outputs).toEqual({ code: 'SessionCreationError' });
  });

  test('an error that only a person can mend is not tried again', async () => {
    await start({ actions: { Retried: retried } });
    await fail('DesktopFlowFailed');
    expect(await output()).toMatchObject({ state: 'Failed', error: { code: 'DesktopFlowFailed' } });
  });

  test('A7: a cancel between two tries ends it', async () => {
    await start({ actions: { Retried: retried } });
    await fail('SessionCreationError');
    await cancelRun();
    expect(await output()).toMatchObject({
      state: 'Cancelled',
      actions: { Retried: { status: 'Cancelled' } },
    });
  });
});
