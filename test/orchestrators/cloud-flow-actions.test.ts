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
const after = (...names: string[]) => ({
  runAfter: Object.fromEntries(names.map((name) => [name, ['Succeeded']])),
});
const compose = (inputs: unknown, ...names: string[]) => ({ type: 'Compose', inputs, ...after(...names) });
const desktop = { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'machine-1' } };

interface Given {
  actions: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  parameters?: Record<string, unknown>;
}

/** Starts a flow as `PUT flows/{flow}` would take it. */
async function start(given: Given, triggerBody: unknown = {}, parameters?: object): Promise<void> {
  const checked = checkDefinition({ name: 'flow', triggers: { manual: { type: 'Request' } }, ...given });
  expect(checked.problems).toEqual([]);
  if (!checked.definition) throw new Error('the definition is wrong');
  const { hash } = await rig.ports.flows.put(checked.definition);
  const input = { run, flow: 'flow', definition: hash, triggerBody, startedBy: 'ann', parameters };
  await rig.start('cloud-flow-run', input, run);
}

const cloudRun = () => rig.instance<CloudFlowRunResult, CloudRunStatus>(run);
const output = async () => (await cloudRun()).output;
const statuses = async () =>
  Object.fromEntries(Object.entries((await output()).actions).map(([name, { status }]) => [name, status]));
const records = async (parent: string) => (await rig.ports.actions.list(run, { parent, top: 100 })).records;

test('A5: an action whose value is over the limit fails by name, keeps nothing of it, and others can handle that', async () => {
  const text = 'x'.repeat(300_000);
  await start(
    {
      actions: {
        Large: compose(["@triggerBody()['text']", "@triggerBody()['text']", "@triggerBody()['text']", text]),
        Handle: { type: 'Compose', inputs: "@actions('Large').error.code", runAfter: { Large: ['Failed'] } },
      },
      outputs: { code: "@outputs('Handle')" },
    },
    { text },
  );
  expect(await output()).toMatchObject({ state: 'Succeeded', outputs: { code: 'ValueTooLarge' } });
  const [large] = (await records('')).filter(({ name }) => name === 'Large');
  expect(large).toMatchObject({ status: 'Failed', error: { code: 'ValueTooLarge' } });
  expect(large).not.toHaveProperty('outputs');
});

describe('A5: branches', () => {
  const branching = (value: unknown) => ({
    Check: {
      type: 'If',
      expression: { and: [{ greater: ["@triggerBody()['n']", 1] }, { not: { equals: [value, 'x'] } }] },
      actions: { Yes: compose('yes') },
      else: { actions: { No: compose('no') } },
    },
  });

  test.each([
    [2, 'yes', { Check: 'Succeeded', Yes: 'Succeeded', No: 'Skipped' }],
    [1, 'no', { Check: 'Succeeded', Yes: 'Skipped', No: 'Succeeded' }],
  ])('If with n = %j takes one branch and skips the other', async (n, word, expected) => {
    await start(
      {
        actions: {
          ...branching('y'),
          Last: compose("@coalesce(outputs('Yes'), outputs('No'))", 'Check'),
        },
        outputs: { word: "@outputs('Last')" },
      },
      { n },
    );
    expect(await output()).toMatchObject({ state: 'Succeeded', outputs: { word } });
    expect(await statuses()).toMatchObject(expected);
  });

  test.each([
    ['b', 'B'],
    [7, 'Seven'],
    ['z', 'Other'],
  ])('Switch on %j walks %s', async (value, walked) => {
    await start(
      {
        actions: {
          Choose: {
            type: 'Switch',
            expression: "@triggerBody()['on']",
            cases: {
              b: { case: 'b', actions: { B: compose(1) } },
              seven: { case: 7, actions: { Seven: compose(2) } },
            },
            default: { actions: { Other: compose(3) } },
          },
        },
      },
      { on: value },
    );
    const all = await statuses();
    expect(
      Object.keys(all)
        .filter((name) => all[name] === 'Succeeded')
        .sort(),
    ).toEqual(['Choose', walked].sort());
  });

  test('what is no condition fails the action with the reason', async () => {
    await start(
      { actions: { Check: { type: 'If', expression: "@triggerBody()['n']", actions: {} } } },
      { n: 1 },
    );
    expect((await output()).error).toMatchObject({ code: 'InvalidInput' });
  });
});

describe('A5: scopes', () => {
  const scope = (actions: Record<string, unknown>, more: object = {}) => ({
    type: 'Scope',
    actions,
    ...more,
  });
  const failing = { type: 'Compose', inputs: "@triggerBody()['missing']" };

  test('a scope fails when its last action does and nobody handles it; result() tells of its actions', async () => {
    await start({
      actions: {
        Try: scope({ A: compose(1), B: { ...failing, ...after('A') }, C: compose(2, 'B') }),
        Catch: {
          type: 'Compose',
          inputs: {
            failed: "@actions('Try')?['error']?['details']",
            codes: "@result('Try')[1]?['error']?['code']",
            code: "@actions('B').error.code",
          },
          runAfter: { Try: ['Failed'] },
        },
      },
      outputs: { caught: "@outputs('Catch')" },
    });
    const { state, outputs } = await output();
    expect(state).toBe('Succeeded');
    expect(outputs).toMatchObject({ caught: { codes: 'ExpressionFailed', code: 'ExpressionFailed' } });
    expect(outputs).toMatchObject({
      caught: { failed: expect.stringContaining('B: ExpressionFailed') },
    });
    expect(await statuses()).toMatchObject({ Try: 'Failed', B: 'Failed', C: 'Skipped' });
  });

  test('a failure that is handled inside does not fail the scope', async () => {
    await start({
      actions: {
        Try: scope({ A: failing, Handler: { ...compose(1), runAfter: { A: ['Failed'] } } }),
        Next: compose(1, 'Try'),
      },
    });
    expect(await statuses()).toEqual({
      Try: 'Succeeded',
      A: 'Failed',
      Handler: 'Succeeded',
      Next: 'Succeeded',
    });
  });

  test.each([
    ['small', 1],
    ['large', 30],
  ])('limit.timeout of a %s scope stops what is open in it and lets others go on', async (_size, count) => {
    const waits = Object.fromEntries(
      Array.from({ length: count }, (_value, index) => [
        `W${index}`,
        { type: 'Wait', inputs: { interval: { count: 5, unit: 'Hour' } } },
      ]),
    );
    await start({
      actions: {
        Slow: scope({ ...waits, Work: desktop }, { limit: { timeout: 'PT1H' } }),
        Else: { type: 'Wait', inputs: { interval: { count: 2, unit: 'Hour' } } },
        Late: { ...compose(1), runAfter: { Slow: ['TimedOut'] } },
      },
    });
    const grant = await agent.startRun();
    await rig.advance(HOUR);
    await agent.say('done', { outcome: 'Stopped' }, grant);
    await rig.advance(2 * HOUR);
    expect(await statuses()).toMatchObject({
      Slow: 'TimedOut',
      W0: 'Cancelled',
      Work: 'Cancelled',
      Else: 'Succeeded',
      Late: 'Succeeded',
    });
    expect((await output()).actions['Slow']?.error?.code).toBe('ActionTimedOut');
  });
});

describe('A5: variables', () => {
  test('of every type are made, changed and read', async () => {
    const initialize = (name: string, type: string, value?: unknown) => ({ name, type, value });
    const change = (type: string, name: string, value: unknown, before: string) => ({
      type,
      inputs: { name, value },
      ...after(before),
    });
    await start({
      actions: {
        Make: {
          type: 'InitializeVariable',
          inputs: {
            variables: [
              initialize('n', 'integer', 5),
              initialize('list', 'array'),
              initialize('text', 'string', 'a'),
              initialize('flag', 'boolean'),
            ],
          },
        },
        Up: change('IncrementVariable', 'n', 3, 'Make'),
        Down: change('DecrementVariable', 'n', 1, 'Up'),
        Push: change('AppendToArrayVariable', 'list', "@variables('n')", 'Down'),
        Join: change('AppendToStringVariable', 'text', 'b', 'Push'),
        Set: change('SetVariable', 'flag', true, 'Join'),
      },
      outputs: {
        n: "@variables('n')",
        list: "@variables('list')",
        text: "@variables('text')",
        flag: "@variables('flag')",
      },
    });
    expect((await output()).outputs).toEqual({ n: 7, list: [7], text: 'ab', flag: true });
  });

  test.each([
    ['IncrementVariable', 'text'],
    ['SetVariable', ['a list']],
  ])('a %s that does not fit its type fails', async (type, value) => {
    await start({
      actions: {
        Make: { type: 'InitializeVariable', inputs: { variables: [{ name: 'v', type: 'string' }] } },
        Change: { type, inputs: { name: 'v', value: type === 'SetVariable' ? value : 1 }, ...after('Make') },
      },
    });
    expect((await output()).actions['Change']).toMatchObject({
      status: 'Failed',
      error: { code: 'InvalidInput' },
    });
  });
});

describe('A5: Terminate', () => {
  test.each([
    ['Failed', { code: 'FlowTerminated', subCode: 'E7', details: 'too old' }],
    ['Cancelled', { code: 'Cancelled' }],
    ['Succeeded', undefined],
  ])('%s ends the run and stops what runs', async (runStatus, error) => {
    await start({
      actions: {
        Runs: desktop,
        Pause: { type: 'Wait', inputs: { interval: { count: 1, unit: 'Minute' } } },
        Inside: {
          type: 'Scope',
          actions: {
            Stop: { type: 'Terminate', inputs: { runStatus, runError: { code: 'E7', message: 'too old' } } },
            Never: compose(1, 'Stop'),
          },
          ...after('Pause'),
        },
      },
    });
    const grant = await agent.startRun();
    await rig.advance(MINUTE);
    expect(agent.commands('stop')).toHaveLength(1);
    await agent.say('done', { outcome: 'Stopped' }, grant);
    const ended = await output();
    expect(ended.state).toBe(runStatus);
    if (error) expect(ended.error).toMatchObject(error);
    else expect(ended.error).toBeUndefined();
    expect(await statuses()).toMatchObject({ Stop: 'Succeeded', Never: 'Cancelled', Runs: 'Cancelled' });
  });
});

test('A5: a Response action gives the run its answer', async () => {
  const inputs = { statusCode: 201, headers: { 'x-a': 'b' }, body: { id: "@triggerBody()['id']" } };
  await start({ actions: { Answer: { type: 'Response', inputs } } }, { id: 9 });
  expect((await output()).outputs).toEqual({
    response: { statusCode: 201, headers: { 'x-a': 'b' }, body: { id: 9 } },
  });
});

describe('A5: parameters', () => {
  const parameters = {
    region: { type: 'String', defaultValue: 'eu', allowedValues: ['eu', 'us'] },
    limit: { type: 'Int' },
  };
  const outputs = { region: "@parameters('region')", limit: "@parameters('limit')" };

  test('have the values of the request, else their defaults', async () => {
    await start({ actions: { A: compose(1) }, parameters, outputs }, {}, { limit: 3 });
    expect((await output()).outputs).toEqual({ region: 'eu', limit: 3 });
  });

  test.each([
    [{}, 'limit has no default'],
    [{ limit: 'x' }, 'limit is no int'],
    [{ limit: 1, region: 'mars' }, 'region must be one of'],
    [{ limit: 1, other: 1 }, 'other is not a parameter'],
  ])('%j is refused: %s', async (given, words) => {
    await start({ actions: { A: compose(1) }, parameters, outputs }, {}, given);
    expect((await output()).error).toMatchObject({
      code: 'InvalidParameters',
      details: expect.stringContaining(words),
    });
  });
});

describe('A8: records of what actions were given and gave', () => {
  test('are there for every action, long values apart, secure ones masked', async () => {
    const long = 'x'.repeat(50_000);
    await start(
      {
        actions: {
          Secret: {
            ...compose("@triggerBody()['password']"),
            runtimeConfiguration: { secureData: { properties: ['inputs', 'outputs'] } },
          },
          Uses: compose("Bearer @{outputs('Secret')}", 'Secret'),
          Long: compose("@triggerBody()['long']"),
          Scope: { type: 'Scope', actions: { Inner: compose(1) }, ...after('Uses') },
        },
      },
      { password: 'hunter2', long },
    );
    const all = await records('');
    expect(Object.fromEntries(all.map(({ name, status }) => [name, status]))).toEqual({
      Long: 'Succeeded',
      Scope: 'Succeeded',
      Secret: 'Succeeded',
      Uses: 'Succeeded',
    });
    const record = (name: string) => all.find((each) => each.name === name);
    expect(record('Secret')).toMatchObject({ inputs: { masked: true }, outputs: { masked: true } });
    expect(record('Uses')).toMatchObject({ inputs: { masked: true }, outputs: { masked: true } });
    expect(record('Long')?.outputs).toEqual({ hash: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: 50_002 });
    expect(await records('Scope')).toMatchObject([{ name: 'Inner', outputs: { value: 1 } }]);
    expect(JSON.stringify([all, (await output()).actions])).not.toContain('hunter2');
  });
});
