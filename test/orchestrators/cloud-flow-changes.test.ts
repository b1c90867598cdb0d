import { changeFlowState } from '../../adapters/flow-state';
import type { CloudRunStatus } from '../../contracts/runs';
import { checkDefinition } from '../../domain/flows/definition-problems';
import type { CloudFlowRunResult } from '../../domain/runs/run-inputs';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { HOUR, MINUTE, runId } from '../support/runs';

let rig: AppRig;

beforeEach(() => {
  rig = startApp({ ATTENDANT_DISABLE_AFTER_FAILURES: '3' });
});
afterEach(() => rig.close());

async function put(actions: object, more: object = {}): Promise<string> {
  const checked = checkDefinition({
    name: 'flow',
    triggers: { manual: { type: 'Request' } },
    actions,
    ...more,
  });
  expect(checked.problems).toEqual([]);
  if (!checked.definition) throw new Error('the definition is wrong');
  return (await rig.ports.flows.put(checked.definition)).hash;
}

/** Starts run number `n` of the flow. */
async function start(n: number, definition: string, trigger = 'Button'): Promise<void> {
  const run = runId(n);
  await rig.start('cloud-flow-run', { run, flow: 'flow', definition, trigger, triggerBody: { ok: n } }, run);
}
const result = async (n: number): Promise<CloudFlowRunResult> =>
  (await rig.instance<CloudFlowRunResult, CloudRunStatus>(runId(n))).output;

const nap = { type: 'Wait', inputs: { interval: { count: 1, unit: 'Hour' } } };
const after = (...names: string[]) => ({
  runAfter: Object.fromEntries(names.map((name) => [name, ['Succeeded']])),
});
const say = (word: string) => ({ type: 'Compose', inputs: word, ...after('Nap') });

describe('A8: a run keeps the definition that it was started with', () => {
  test.each([
    ['changed', () => put({ Nap: nap, Say: say('new') })],
    ['deleted', () => changeFlowState(rig.ports, 'flow', { to: 'deleted', by: 'owner' })],
  ])('when its flow is %s meanwhile', async (_what, change) => {
    await start(1, await put({ Nap: nap, Say: say('old') }, { outputs: { word: "@outputs('Say')" } }));
    await change();
    await rig.advance(2 * HOUR);
    expect(await result(1)).toMatchObject({ state: 'Succeeded', outputs: { word: 'old' } });
  });
});

describe('A3: a flow whose triggers start failing runs', () => {
  // Runs fail unless their number is 3.
  const actions = { Judge: { type: 'Compose', inputs: "@if(equals(triggerBody()['ok'], 3), 1, div(1, 0))" } };
  const state = async () => (await rig.ports.flows.get('flow'))?.disabled?.reason;

  test('is disabled after as many as the settings say, one after another', async () => {
    const hash = await put(actions);
    for (const n of [1, 2, 3, 4, 5]) await start(n, hash, 'Recurrence');
    expect([(await result(2)).state, (await result(3)).state]).toEqual(['Failed', 'Succeeded']);
    expect(await state()).toBeUndefined();
    await start(6, hash, 'Recurrence');
    expect(await state()).toBe('ConsecutiveFailures');
    expect(rig.warnings.join()).toContain('The flow flow was disabled: 3 runs');
  });

  test('stays enabled when a person has started them', async () => {
    const hash = await put(actions);
    for (const n of [11, 12, 13, 14]) await start(n, hash);
    expect((await result(14)).state).toBe('Failed');
    expect(await state()).toBeUndefined();
  });
});

describe('A5: variables that two branches change at the same time', () => {
  const branch = (name: string, size: number) => ({
    [name]: {
      type: 'Scope',
      ...after('Make'),
      actions: Object.fromEntries(
        Array.from({ length: size }, (_value, n) => [
          `${name}${n}`,
          {
            type: 'IncrementVariable',
            inputs: { name: 'n', value: 1 },
            ...(n > 0 ? after(`${name}${n - 1}`) : {}),
          },
        ]),
      ),
    },
  });

  test.each([
    ['in one history', 3],
    ['in orchestrations of their own', 30],
  ])('count both, %s', async (_where, size) => {
    const make = {
      type: 'InitializeVariable',
      inputs: { variables: [{ name: 'n', type: 'integer', value: 0 }] },
    };
    const actions = { Make: make, ...branch('Left', size), ...branch('Right', size) };
    await start(1, await put(actions, { outputs: { n: "@variables('n')" } }));
    await rig.advance(MINUTE);
    expect((await result(1)).outputs).toEqual({ n: 2 * size });
  });
});
