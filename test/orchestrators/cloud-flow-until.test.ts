import type { CloudRunStatus } from '../../contracts/runs';
import { checkDefinition } from '../../domain/flows/definition-problems';
import type { CloudFlowRunResult } from '../../domain/runs/run-inputs';
import type { AppRig } from '../support/app-rig';
import { HOUR, MINUTE, publishDesktopFlow, runId, SECOND } from '../support/runs';
import { startApp } from '../support/start-app';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

beforeEach(() => {
  rig = startApp();
});
afterEach(() => rig.close());

const run = runId(1);
const LONGEST_HISTORY = 500;

async function start(actions: object, more: object = {}, triggerBody: unknown = {}): Promise<void> {
  const base = { name: 'flow', triggers: { manual: { type: 'Request' } } };
  const checked = checkDefinition({ ...base, actions, ...more });
  expect(checked.problems).toEqual([]);
  if (!checked.definition) throw new Error('the definition is wrong');
  const { hash } = await rig.ports.flows.put(checked.definition);
  await rig.start('cloud-flow-run', { run, flow: 'flow', definition: hash, triggerBody }, run);
}

const cloudRun = () => rig.instance<CloudFlowRunResult, CloudRunStatus>(run);
const output = async () => (await cloudRun()).output;
const rounds = async (parent = 'Again') =>
  (await rig.ports.actions.list(run, { parent, top: 1_000 })).records;

function longestHistory(): number {
  return Math.max(
    ...[...rig.episodes].flatMap(([instance, { payload }]) =>
      instance.startsWith(run)
        ? [(JSON.parse(payload ?? '{}') as { history: unknown[] }).history.length]
        : [],
    ),
  );
}

const after = (...names: string[]) => ({
  runAfter: Object.fromEntries(names.map((name) => [name, ['Succeeded']])),
});
const begin = {
  type: 'InitializeVariable',
  inputs: { variables: [{ name: 'n', type: 'integer' }] },
};
const count = { type: 'IncrementVariable', inputs: { name: 'n' } };
const nap = (unit: string, ...names: string[]) => ({
  type: 'Wait',
  inputs: { interval: { count: 1, unit } },
  ...after(...names),
});
const until = (expression: unknown, more: object = {}) => ({
  Begin: begin,
  Again: { type: 'Until', expression, actions: { Count: count }, ...after('Begin'), ...more },
});
const outputs = { outputs: { n: "@variables('n')" } };
const FAIL = { operationOptions: 'FailWhenLimitsReached' };

test('A5: Until walks its actions until the expression is true; each round sees what the one before has changed', async () => {
  await start(until("@equals(variables('n'), 7)"), outputs);
  expect(await output()).toMatchObject({
    state: 'Succeeded',
    outputs: { n: 7 },
    actions: {
      Again: { status: 'Succeeded', iterations: { total: 7, succeeded: 7, failed: 0, cancelled: 0 } },
    },
  });
  expect((await rounds()).map(({ name }) => name)).toEqual(expect.arrayContaining(['[0]', '[6]']));
});

test('A5: the expression is first asked after the first round, and may be an object of conditions', async () => {
  await start(until({ greaterOrEquals: ["@variables('n')", 1] }), outputs);
  expect(await output()).toMatchObject({
    outputs: { n: 1 },
    actions: { Again: { iterations: { total: 1 } } },
  });
});

test('A5: the expression reads the actions of the round, iterationIndexes() its number; item() stays that of the list around', async () => {
  const actions = {
    Each: {
      type: 'Foreach',
      foreach: ['a', 'b'],
      actions: {
        Again: {
          type: 'Until',
          expression: { and: [{ equals: ["@outputs('Round')", "@concat(item(), '2')"] }] },
          actions: {
            Inner: {
              type: 'Scope',
              actions: {
                Round: { type: 'Compose', inputs: "@concat(item(), string(iterationIndexes('Again')))" },
              },
            },
          },
        },
      },
    },
  };
  await start(actions);
  expect(await output()).toMatchObject({ state: 'Succeeded' });
  for (const each of [0, 1]) {
    const [again] = await rounds(`Each[${each}]`);
    expect(again).toMatchObject({ name: 'Again', iterations: { total: 3, succeeded: 3 } });
  }
  expect(await rounds('Each[1]/Again[2]/Inner')).toMatchObject([{ name: 'Round', outputs: { value: 'b2' } }]);
});

describe('A5: limits of Until', () => {
  const never = '@false';
  test.each<[string, object, number, string]>([
    ['by default 60 rounds', {}, 60, '60 rounds'],
    ['so many rounds as are asked for', { limit: { count: 3 } }, 3, '3 rounds'],
    ['5,000 rounds', { limit: { count: 5_000 } }, 5_000, '5000 rounds'],
  ])(
    '%s',
    async (_what, more, total, details) => {
      await start(until(never, { ...more, ...FAIL }), outputs);
      expect(await output()).toMatchObject({
        state: 'Failed',
        actions: {
          Again: {
            status: 'Failed',
            error: { code: 'LoopLimitReached', details },
            iterations: { total, succeeded: total },
          },
        },
      });
      expect(longestHistory()).toBeLessThan(LONGEST_HISTORY);
    },
    60_000,
  );

  test('at its limit it succeeds unless told otherwise, as in Logic Apps', async () => {
    await start(until(never, { limit: { count: 3 } }), outputs);
    expect(await output()).toMatchObject({ state: 'Succeeded', outputs: { n: 3 } });
  });

  test('by default no round begins after an hour; one that goes on is not stopped', async () => {
    const actions = { Count: count, Nap: nap('Minute', 'Count'), Rest: nap('Second', 'Nap') };
    await start(until(never, { actions, limit: { count: 5_000 }, ...FAIL }), outputs);
    await rig.advance(HOUR - SECOND);
    expect((await cloudRun()).status).toBe('Running');
    await rig.advance(2 * MINUTE);
    expect(await output()).toMatchObject({
      state: 'Failed',
      actions: {
        Again: { error: { code: 'LoopLimitReached', details: 'timeout PT1H' }, iterations: { total: 60 } },
      },
    });
    expect(longestHistory()).toBeLessThan(LONGEST_HISTORY);
  });

  test('the first round always begins, and what it finds to be true counts although the time is up', async () => {
    const actions = { Count: count, Nap: nap('Day', 'Count') };
    await start(
      until("@equals(variables('n'), 1)", { actions, limit: { timeout: 'PT1M' }, ...FAIL }),
      outputs,
    );
    await rig.advance(25 * HOUR);
    expect(await output()).toMatchObject({ state: 'Succeeded', outputs: { n: 1 } });
  });
});

describe('A5: rounds that fail', () => {
  const failing = (when: string) => ({
    Count: count,
    Try: { type: 'Compose', inputs: `@if(${when}, int('x'), 1)`, ...after('Count') },
  });

  test('do not end the loop; it ends as its last round did', async () => {
    await start(
      until("@equals(variables('n'), 3)", { actions: failing("less(variables('n'), 3)") }),
      outputs,
    );
    expect(await output()).toMatchObject({
      state: 'Succeeded',
      outputs: { n: 3 },
      actions: { Again: { iterations: { total: 3, succeeded: 1, failed: 2 } } },
    });
  });

  test.each([3, 45])('the last of %i fails the loop', async (n) => {
    const actions = failing(`equals(variables('n'), ${n})`);
    await start(until(`@equals(variables('n'), ${n})`, { actions }), outputs);
    expect(await output()).toMatchObject({
      state: 'Failed',
      actions: {
        Again: {
          status: 'Failed',
          error: { code: 'ActionFailed', details: expect.stringContaining(`the last round [${n - 1}]: Try`) },
          iterations: { total: n, failed: 1 },
        },
      },
    });
  });

  test.each<[string, string, string]>([
    ['an expression that cannot be evaluated', "@int(concat('x', variables('n')))", 'ExpressionFailed'],
    ['one that is neither true nor false', "@variables('n')", 'InvalidInput'],
  ])('%s fails the loop after the round', async (_what, expression, code) => {
    await start(until(expression), outputs);
    expect(await output()).toMatchObject({
      state: 'Failed',
      actions: { Again: { error: { code }, iterations: { total: 1 } } },
    });
  });
});

describe('A5: Until that goes on for long', () => {
  test('I1: a poll every day for 100 days: timers only, no long history, live counts meanwhile', async () => {
    const actions = { Nap: nap('Day'), Count: { ...count, ...after('Nap') } };
    await start(
      until("@equals(variables('n'), 100)", { actions, limit: { count: 5_000, timeout: 'P365D' } }),
      outputs,
    );
    await rig.advance(50.5 * 24 * HOUR);
    expect((await cloudRun()).customStatus?.actions['Again']).toMatchObject({ status: 'Running' });
    const parts = [...rig.episodes.keys()].filter((instance) => instance.startsWith(run));
    const statuses = await Promise.all(
      parts.map(async (id) => (await rig.instance<unknown, CloudRunStatus>(id)).customStatus),
    );
    const totals = statuses.map((status) => status?.actions['Again']?.iterations?.total ?? 0);
    expect(Math.max(...totals)).toBe(51);
    await rig.advance(50 * 24 * HOUR);
    expect(await output()).toMatchObject({ state: 'Succeeded', outputs: { n: 100 } });
    expect(longestHistory()).toBeLessThan(LONGEST_HISTORY);
  });

  test('A7: a cancel ends the round that goes on, and all that is inside it', async () => {
    const actions = { Nap: nap('Day'), Count: { ...count, ...after('Nap') } };
    await start(until('@false', { actions, limit: { timeout: 'P365D' } }), outputs);
    await rig.advance(30 * HOUR);
    await rig.instances.raise(run, 'inbox', { kind: 'cancel', by: 'ann' });
    await rig.advance(MINUTE);
    expect(await output()).toMatchObject({
      state: 'Cancelled',
      actions: { Again: { status: 'Cancelled', iterations: { total: 2, succeeded: 1, cancelled: 1 } } },
    });
  });

  test('A5: a block of 60 actions in each round; what the expression reads may be long', async () => {
    const block = Object.fromEntries(
      Array.from({ length: 60 }, (_value, index) => [`A${index}`, { type: 'Compose', inputs: index }]),
    );
    const long = { type: 'Compose', inputs: "@concat(variables('n'), triggerBody()['text'])" };
    const actions = {
      Count: count,
      Long: { ...long, ...after('Count') },
      Block: { type: 'Scope', actions: block },
    };
    await start(until("@startsWith(outputs('Long'), '4')", { actions }), outputs, {
      text: 'x'.repeat(50_000),
    });
    expect(await output()).toMatchObject({ state: 'Succeeded', outputs: { n: 4 } });
    expect(longestHistory()).toBeLessThan(LONGEST_HISTORY);
  });

  test('A5: a round that is divided itself; the expression reads an action of it', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_value, index) => [`Nap${index}`, nap('Second')]),
    );
    const read = { type: 'Compose', inputs: "@concat(variables('n'), triggerBody()['text'])" };
    const actions = { Count: count, Read: { ...read, ...after('Count') }, ...many };
    await start(until("@startsWith(outputs('Read'), '3')", { actions }), outputs, {
      text: 'x'.repeat(50_000),
    });
    await rig.advance(10 * SECOND);
    expect(await output()).toMatchObject({ state: 'Succeeded', outputs: { n: 3 } });
    expect(longestHistory()).toBeLessThan(LONGEST_HISTORY);
  });
});

test('A7: a desktop-flow run inside is cancelled with its loop', async () => {
  const agent = await TestAgent.register(rig, 1);
  await agent.hello();
  await publishDesktopFlow(rig);
  const desktop = { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'machine-1' } };
  await start({ Again: { type: 'Until', expression: '@false', actions: { Run: desktop } } });
  await rig.advance(SECOND);
  expect(agent.commands('offer')).toHaveLength(1);
  await rig.instances.raise(run, 'inbox', { kind: 'cancel', by: 'ann' });
  await rig.advance(HOUR);
  expect(await output()).toMatchObject({ state: 'Cancelled', actions: { Again: { status: 'Cancelled' } } });
});

test('A8: in a flow that secures data the rounds, their expression and what it says when it fails are hidden', async () => {
  const secure = { runtimeConfiguration: { secureData: { properties: ['inputs', 'outputs'] } } };
  const read = {
    type: 'Compose',
    inputs: "@concat('s3cr', 'et', variables('n'))",
    ...secure,
    ...after('Count'),
  };
  const actions = { Count: count, Nap: nap('Second', 'Count'), Read: read };
  const expression =
    "@if(less(variables('n'), 45), equals(outputs('Read'), 'x'), greater(int(outputs('Read')), 1))";
  await start(until(expression, { actions }), outputs);
  await rig.advance(MINUTE);
  const result = await output();
  expect(result).toMatchObject({
    state: 'Failed',
    actions: {
      Again: {
        iterations: { total: 45, succeeded: 45 },
        error: { code: 'ExpressionFailed', details: 'Not shown: it reads secured data.' },
      },
    },
  });
  expect(longestHistory()).toBeLessThan(LONGEST_HISTORY);
  expect([...rig.episodes.values()].map(({ payload }) => payload).join('')).not.toContain('s3cret');
  const [first] = await rounds('Again[44]');
  expect(JSON.stringify([first, result, await rounds('Again[44]')])).not.toContain('s3cret');
});
