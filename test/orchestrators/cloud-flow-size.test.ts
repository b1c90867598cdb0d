import * as fc from 'fast-check';
import type { CloudRunStatus } from '../../contracts/runs';
import { checkDefinition } from '../../domain/flows/definition-problems';
import type { CloudFlowRunResult } from '../../domain/runs/run-inputs';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { HOUR, MINUTE, publishDesktopFlow, runId, SECOND } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

beforeEach(() => begin());
afterEach(() => rig.close());

function begin(): void {
  rig = startApp();
}

const run = runId(1);
const LONGEST_HISTORY = 500;

async function start(given: object, triggerBody: unknown = {}, id = run): Promise<void> {
  const checked = checkDefinition({ name: 'flow', triggers: { manual: { type: 'Request' } }, ...given });
  expect(checked.problems).toEqual([]);
  if (!checked.definition) throw new Error('the definition is wrong');
  const { hash } = await rig.ports.flows.put(checked.definition);
  await rig.start('cloud-flow-run', { run: id, flow: 'flow', definition: hash, triggerBody }, id);
}

const cloudRun = () => rig.instance<CloudFlowRunResult, CloudRunStatus>(run);

/** Events of every orchestration of the run, as the SDK was given them in its last episode. */
function histories(): number[] {
  return [...rig.episodes].flatMap(([instance, { payload }]) =>
    instance.startsWith(run) ? [(JSON.parse(payload ?? '{}') as { history: unknown[] }).history.length] : [],
  );
}

const pause = (names: string[] = [], seconds = 1) => ({
  type: 'Wait',
  inputs: { interval: { count: seconds, unit: 'Second' } },
  runAfter: Object.fromEntries(names.map((name) => [name, ['Succeeded']])),
});

const named = (count: number, action: (index: number) => unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_value, index) => [`A${index}`, action(index)]));

describe('A5: Foreach', () => {
  const loop = (more: object = {}) => ({
    type: 'Foreach',
    foreach: "@triggerBody()['items']",
    actions: { Each: { type: 'Compose', inputs: "@{items('Loop')}" } },
    ...more,
  });
  const sequential = { runtimeConfiguration: { concurrency: { repetitions: 1 } } };

  test('over 10,000 items: every round is walked once and recorded, no history passes 500 events', async () => {
    const items = Array.from({ length: 10_000 }, (_value, index) => `item ${index}`);
    await start({ actions: { Loop: loop() } }, { items });
    const { output } = await cloudRun();
    expect(output).toMatchObject({
      state: 'Succeeded',
      actions: { Loop: { iterations: { total: 10_000, succeeded: 10_000, failed: 0, running: 0 } } },
    });
    expect(Math.max(...histories())).toBeLessThan(LONGEST_HISTORY);
    const rounds = new Set<string>();
    for (let after: string | undefined; ;) {
      const page = await rig.ports.actions.list(run, { parent: 'Loop', top: 1_000, after });
      for (const { name } of page.records) rounds.add(name);
      after = page.continuation;
      if (after === undefined) break;
    }
    expect(rounds.size).toBe(10_000);
    const [each] = (await rig.ports.actions.list(run, { parent: 'Loop[9876]', top: 5 })).records;
    expect(each?.outputs).toEqual({ value: 'item 9876' });
  }, 60_000);

  test('one after the other: appends keep their order', async () => {
    const items = Array.from({ length: 70 }, (_value, index) => index);
    await start(
      {
        actions: {
          Make: { type: 'InitializeVariable', inputs: { variables: [{ name: 'seen', type: 'array' }] } },
          Loop: loop({
            ...sequential,
            actions: {
              Nap: pause(),
              Add: {
                type: 'AppendToArrayVariable',
                inputs: { name: 'seen', value: "@items('Loop')" },
                runAfter: { Nap: ['Succeeded'] },
              },
            },
            runAfter: { Make: ['Succeeded'] },
          }),
        },
        outputs: { seen: "@variables('seen')" },
      },
      { items },
    );
    await rig.advance(70 * SECOND);
    expect((await cloudRun()).output.outputs).toEqual({ seen: items });
    expect(Math.max(...histories())).toBeLessThan(LONGEST_HISTORY);
  });

  test.each([3, 20, 50])(
    'at most %i rounds at the same time, and not fewer while there are enough',
    async (degree) => {
      const items = Array.from({ length: 200 }, (_value, index) => index);
      const concurrency = { runtimeConfiguration: { concurrency: { repetitions: degree } } };
      await start(
        { actions: { Loop: loop({ ...concurrency, actions: { Nap: pause([], 60) } }) } },
        { items },
      );
      let most = 0;
      for (let minute = 0; (await cloudRun()).status === 'Running' && minute < 300; minute++) {
        const open = [...rig.episodes.keys()].filter((instance) => instance.startsWith(`${run}.`));
        const statuses = await Promise.all(
          open.map(async (instance) => rig.instance<unknown, CloudRunStatus | undefined>(instance)),
        );
        const running = statuses.flatMap(({ status, customStatus }) =>
          status === 'Running' ? [customStatus?.actions['Loop']?.iterations?.running ?? 0] : [],
        );
        most = Math.max(
          most,
          running.reduce((sum, count) => sum + count, 0),
        );
        await rig.advance(MINUTE);
      }
      expect(most).toBe(degree);
      expect((await cloudRun()).output.state).toBe('Succeeded');
    },
    30_000,
  );

  test('a failed round does not stop the others, and fails the loop', async () => {
    await start(
      { actions: { Loop: loop({ actions: { Each: { type: 'Compose', inputs: "@items('Loop')['x']" } } }) } },
      { items: [{ x: 1 }, {}, { x: 3 }] },
    );
    const { output } = await cloudRun();
    expect(output).toMatchObject({
      state: 'Failed',
      actions: { Loop: { iterations: { succeeded: 2, failed: 1 }, error: { code: 'ActionFailed' } } },
    });
    expect(output.error?.details).toContain('[1]');
  });

  test('loops in loops see the items of both; what is no list fails', async () => {
    const inner = {
      type: 'Foreach',
      foreach: "@items('Outer')['list']",
      actions: {
        Pair: { type: 'Compose', inputs: "@{items('Outer')['name']}@{items('Inner')}" },
      },
    };
    const outer = { type: 'Foreach', foreach: '@triggerBody()', actions: { Inner: inner } };
    await start({ actions: { Outer: outer } }, [
      { name: 'a', list: [1, 2] },
      { name: 'b', list: 'none' },
    ]);
    const records = async (parent: string) =>
      (await rig.ports.actions.list(run, { parent, top: 10 })).records;
    expect(await records('Outer[0]/Inner[1]')).toMatchObject([{ name: 'Pair', outputs: { value: 'a2' } }]);
    expect(await records('Outer[1]')).toMatchObject([
      { name: 'Inner', status: 'Failed', error: { code: 'InvalidInput' } },
    ]);
  });

  test('A7: a cancel ends the rounds that go on, and starts no others', async () => {
    const items = Array.from({ length: 100 }, (_value, index) => index);
    await start({ actions: { Loop: loop({ actions: { Nap: pause([], 3_600) } }) } }, { items });
    await rig.instances.raise(run, 'inbox', { kind: 'cancel', by: 'ben' });
    await rig.advance(MINUTE);
    expect((await cloudRun()).output).toMatchObject({
      state: 'Cancelled',
      actions: { Loop: { status: 'Cancelled', iterations: { total: 100, cancelled: 100 } } },
    });
  });
});

describe('A5: long flows', () => {
  test('500 actions in a chain, then 500 side by side: no history passes 500 events', async () => {
    await start({ actions: named(500, (n) => pause(n === 0 ? [] : [`A${n - 1}`])) });
    await rig.advance(HOUR);
    expect((await cloudRun()).output.state).toBe('Succeeded');
    expect(Math.max(...histories())).toBeLessThan(LONGEST_HISTORY);
    await rig.close();
    begin();
    await start({ actions: named(500, () => pause([], 60)) });
    await rig.advance(MINUTE);
    expect((await cloudRun()).output.state).toBe('Succeeded');
    expect(Math.max(...histories())).toBeLessThan(LONGEST_HISTORY);
  }, 60_000);

  test('branches of a long flow do not wait for each other', async () => {
    const branch = (name: string, seconds: number) =>
      Object.fromEntries(
        Array.from({ length: 30 }, (_value, n) => [
          `${name}${n}`,
          pause(n === 0 ? [] : [`${name}${n - 1}`], seconds),
        ]),
      );
    await start({
      actions: {
        ...branch('slow', 3_600),
        ...branch('quick', 1),
        after: { type: 'Compose', inputs: "@actions('quick3').status", runAfter: { quick3: ['Succeeded'] } },
      },
    });
    await rig.advance(MINUTE);
    const all = await liveStatuses();
    expect([all['quick29'], all['after'], all['slow0']]).toEqual(['Succeeded', 'Succeeded', 'Running']);
  });

  test('what starts while its former part goes on reads all that has ended before it', async () => {
    const compose = (inputs: unknown, name: string) => ({
      type: 'Compose',
      inputs,
      runAfter: { [name]: ['Succeeded'] },
    });
    const wide = Object.fromEntries(
      Array.from({ length: 20 }, (_value, index) => [`W${index}`, compose("@outputs('First')", 'Slow')]),
    );
    await start({
      actions: {
        First: { type: 'Compose', inputs: 'first' },
        Second: compose('second', 'First'),
        Slow: pause(['First'], 3_600),
        ...wide,
        ...Object.fromEntries(
          Array.from({ length: 19 }, (_value, index) => [
            `V${index}`,
            compose(index, index === 0 ? 'Second' : `V${index - 1}`),
          ]),
        ),
        Last: compose("@concat(outputs('First'),outputs('V18'))", 'V18'),
      },
      outputs: { last: "@outputs('Last')" },
    });
    await rig.advance(2 * HOUR);
    expect((await cloudRun()).output).toMatchObject({ state: 'Succeeded', outputs: { last: 'first18' } });
  });

  test('any plan ends as it would if each action were walked alone', async () => {
    await fc.assert(
      fc.asyncProperty(planOf(25, 40), async (edges) => {
        const actions = await walked(edges);
        const began = Math.min(...actions.map(({ startedAt }) => startedAt));
        const ended = Math.max(...actions.map(({ endedAt }) => endedAt));
        expect(ended - began).toBe(depth(edges) * 10 * SECOND);
      }),
      // Fixed: one that needs more segments than a history has room for takes longer.
      { numRuns: 2, seed: 5 },
    );
  });

  test('any plan ends, also when a history has had its share of segments: each action after all it waits for', async () => {
    await fc.assert(
      fc.asyncProperty(planOf(30, 90), async (edges) => {
        const actions = await walked(edges);
        actions.forEach(({ startedAt }, n) => {
          for (const m of edges[n] ?? [])
            expect(startedAt).toBeGreaterThanOrEqual(actions[m]?.endedAt ?? NaN);
        });
        expect(Math.max(...histories())).toBeLessThan(LONGEST_HISTORY);
      }),
      { numRuns: 8, examples: [[DENSE]], endOnFailure: true },
    );
  }, 60_000);
});

test('cost of an action at 500 actions is at most 1.3 times that at 50', async () => {
  const events = async (count: number): Promise<number> => {
    await rig.close();
    begin();
    await start({ actions: named(count, (n) => pause(n === 0 ? [] : [`A${n - 1}`])) });
    await rig.advance(HOUR);
    expect((await cloudRun()).output.state).toBe('Succeeded');
    return histories().reduce((sum, length) => sum + length, 0) / count;
  };
  const small = await events(50);
  expect((await events(500)) / small).toBeLessThan(1.3);
}, 60_000);

test('I1: desktop flows on several machines beside each other for days: the history stays short', async () => {
  const agents = [await TestAgent.register(rig, 1), await TestAgent.register(rig, 2)];
  for (const agent of agents) await agent.hello();
  await publishDesktopFlow(rig);
  const desktop = (machine: number) => ({
    type: 'DesktopFlow',
    inputs: { desktopFlow: 'invoices', connection: `machine-${machine}` },
    limit: { timeout: 'P40D' },
  });
  await start({ actions: { One: desktop(1), Two: desktop(2) } });
  for (const agent of agents) await agent.startRun();
  await rig.advance(40 * 24 * HOUR);
  for (const agent of agents) await agent.say('done', { outcome: 'Stopped' }, agent.commands('go')[0]);
  expect((await cloudRun()).output).toMatchObject({ error: { code: 'DesktopFlowsActionTimeout' } });
  expect(Math.max(...histories())).toBeLessThan(LONGEST_HISTORY);
});

/** For each action the earlier ones that it waits for. */
const planOf = (min: number, max: number) =>
  fc
    .integer({ min, max })
    .chain((count) =>
      fc.tuple(
        ...Array.from({ length: count }, (_value, n) =>
          n === 0 ? fc.constant([]) : fc.uniqueArray(fc.integer({ min: 0, max: n - 1 }), { maxLength: 3 }),
        ),
      ),
    );

/** Needs more segments than one history has room for. */
const DENSE = Array.from({ length: 90 }, (_value, n) =>
  n < 30 ? [] : [n - 30, (n * 7) % 30, (n * 11) % 30],
);

/** When the actions of the plan started and ended, each a pause of ten seconds. */
async function walked(
  edges: readonly (readonly number[])[],
): Promise<{ startedAt: number; endedAt: number }[]> {
  await rig.close();
  begin();
  const names = (before: readonly number[]): string[] => [...new Set(before)].map((m) => `A${m}`);
  await start({ actions: named(edges.length, (n) => pause(names(edges[n] ?? []), 10)) });
  await rig.advance(edges.length * 10 * SECOND);
  const { output } = await cloudRun();
  expect(output.state).toBe('Succeeded');
  return edges.map((_before, n) => {
    const { startedAt = '', endedAt = '' } = output.actions[`A${n}`] ?? {};
    return { startedAt: Date.parse(startedAt), endedAt: Date.parse(endedAt) };
  });
}

function depth(edges: readonly (readonly number[])[]): number {
  const depths: number[] = [];
  for (const before of edges) depths.push(1 + Math.max(0, ...before.map((n) => depths[n] ?? 0)));
  return Math.max(...depths);
}

async function liveStatuses(): Promise<Record<string, string>> {
  const parts = [...rig.episodes.keys()].filter((instance) => instance.startsWith(run));
  const all = await Promise.all(
    parts.map((instance) => rig.instance<unknown, CloudRunStatus | undefined>(instance)),
  );
  return Object.fromEntries(
    all.flatMap(({ customStatus }) =>
      Object.entries(customStatus?.actions ?? {}).map(([name, { status }]) => [name, status]),
    ),
  );
}
