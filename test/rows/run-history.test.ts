import { flowDefinition } from '../../contracts/flow-definition';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import { MINUTE, publishDesktopFlow, runId, SECOND } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await agent.hello();
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

const desktop = { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'machine-1' } };

async function publish(
  actions: Record<string, unknown>,
  schema?: object,
  more: object = {},
): Promise<string> {
  const trigger = { type: 'Request', ...(schema ? { inputs: { schema } } : {}), ...more };
  const flow = flowDefinition.parse({ name: 'flow', triggers: { manual: trigger }, actions });
  return (await rig.ports.flows.put(flow)).hash;
}

async function start(
  definition: string,
  number: number,
  triggerBody: unknown = { month: 1 },
): Promise<string> {
  const run = runId(number);
  const input = { run, flow: 'flow', definition, triggerBody, startedBy: 'ann', trigger: 'Button' };
  await rig.start('cloud-flow-run', input, run);
  return run;
}

const show = async (run: string) => (await api(rig, 'GET', `runs/${run}`)).body;
const resubmit = (run: string, key?: string) =>
  api(rig, 'POST', `runs/${run}/resubmit`, undefined, key ? { headers: { 'idempotency-key': key } } : {});

test('A6: an ended run is repeated with its trigger data against the current definition; both link to each other', async () => {
  const before = await start(await publish({ Say: { type: 'Compose', inputs: 'old' } }), 1);
  await publish({ Say: { type: 'Compose', inputs: "@{triggerBody()['month']} new" } });
  const answer = await resubmit(before, 'once');
  expect(answer.status).toBe(202);
  const after = String(answer.body['run']);
  expect((await resubmit(before, 'once')).body['run']).toBe(after);
  expect(await show(after)).toMatchObject({
    status: 'Succeeded',
    input: { month: 1 },
    resubmittedFrom: before,
    actions: { Say: { status: 'Succeeded' } },
  });
  expect(await show(before)).toMatchObject({ resubmittedAs: [after] });
});

test('A6: a run that goes on, a desktop-flow run, and data that the schema of today refuses are refused by name', async () => {
  const run = await start(await publish({ Read: desktop }), 1);
  expect((await resubmit(run)).body).toMatchObject({ status: 409, code: 'RunNotEnded' });
  expect((await resubmit(`${run}-1`)).body['detail']).toContain(`resubmit its cloud-flow run ${run}`);
  await agent.succeed(await agent.startRun());
  await publish({ Read: desktop }, { type: 'object', required: ['year'] });
  expect((await resubmit(run)).body).toMatchObject({ status: 400, code: 'InvalidInput' });
  expect(await show(run)).not.toHaveProperty('resubmittedAs');
});

test('A7: a run with parallel branches, one running and one queued, is cancelled as a whole; cancelling it again is refused by name', async () => {
  const run = await start(await publish({ One: desktop, Two: desktop }), 1);
  const grant = await agent.startRun();
  expect((await api(rig, 'POST', `runs/${run}/cancel`, {})).status).toBe(202);
  await agent.say('done', { outcome: 'Stopped' }, grant);
  await rig.advance(MINUTE);
  expect(await show(run)).toMatchObject({
    status: 'Cancelled',
    children: [{ status: 'Cancelled' }, { status: 'Cancelled' }],
  });
  const again = await api(rig, 'POST', `runs/${run}/cancel`, {});
  expect(again.body).toMatchObject({ status: 409, code: 'RunAlreadyEnded' });
});

test('A8: runs are listed by flow, status, starter, time, and desktop-flow runs by machine and desktop flow', async () => {
  const definition = await publish({ Read: desktop });
  const first = await start(definition, 1);
  await agent.succeed(await agent.startRun());
  await rig.advance(SECOND);
  const second = await start(definition, 2);
  await agent.say('done', { outcome: 'Failed' }, await agent.startRun());
  const list = async (query: Record<string, string>) =>
    ((await api(rig, 'GET', 'runs', undefined, { query })).body['runs'] as { run: string }[]).map(
      ({ run }) => run,
    );
  expect(await list({ flow: 'flow' })).toEqual([second, first]);
  expect(await list({ status: 'Failed' })).toEqual([second]);
  expect(await list({ status: 'Succeeded', startedBy: 'ann' })).toEqual([first]);
  expect(await list({ startedBy: 'bob' })).toEqual([]);
  expect(await list({ from: '2100-01-01T00:00:00.000Z' })).toEqual([]);
  expect(await list({ machine: agent.machine })).toEqual([`${second}-1`, `${first}-1`]);
  expect(await list({ desktopFlow: 'invoices', status: 'Failed' })).toEqual([`${second}-1`]);
  const pages = await api(rig, 'GET', 'runs', undefined, { query: { flow: 'flow', top: '1' } });
  const { continuation = '' } = pages.body as { continuation?: string };
  expect(await list({ flow: 'flow', top: '1', continuation })).toEqual([first]);
  const wrong = await api(rig, 'GET', 'runs', undefined, {
    query: { flow: 'flow', machine: agent.machine },
  });
  expect(wrong.body['code']).toBe('InvalidQuery');
});

test('A8: a run shows its story and how long each part of it took', async () => {
  const run = await start(await publish({ Say: { type: 'Compose', inputs: 1 }, Read: desktop }), 1);
  await rig.advance(5 * SECOND);
  const grant = await agent.startRun();
  await rig.advance(7 * SECOND);
  await agent.say('done', { outcome: 'Failed' }, grant);
  const view = await show(run);
  const timeline = view['timeline'] as { what: string; at: string }[];
  expect(timeline.map(({ what }) => what)).toEqual([
    'requested',
    'Say started',
    'Say Succeeded',
    'Read started',
    'Read Failed',
    'Failed',
  ]);
  expect(timeline.at(0)).toMatchObject({ actor: 'ann' });
  expect(timeline.at(-1)).toMatchObject({ at: view['endedAt'], reason: expect.any(String) });
  expect(await show(`${run}-1`)).toMatchObject({ waitedMs: 5_000, ranMs: 7_000 });
});

test('A8: what a secured trigger was given is masked, also in actions that read it, and can still be resubmitted', async () => {
  const secured = { runtimeConfiguration: { secureData: { properties: ['inputs'] } } };
  const actions = { Say: { type: 'Compose', inputs: "@triggerBody()['secret']" } };
  const run = await start(await publish(actions, undefined, secured), 1, { secret: 'xyzzy' });
  const shown = [
    await show(run),
    (await api(rig, 'GET', `runs/${run}/actions`)).body,
    (await api(rig, 'GET', 'runs')).body,
  ];
  expect(shown[0]).toMatchObject({ status: 'Succeeded', inputMasked: true });
  expect(JSON.stringify(shown)).not.toContain('xyzzy');
  expect((await resubmit(run)).status).toBe(202);
});

test('A7: a waiting run, and one of parallel waits, end at once when they are cancelled', async () => {
  const wait = { type: 'Wait', inputs: { interval: { count: 9, unit: 'Day' } } };
  for (const [i, actions] of [{ Wait: wait }, { One: wait, Two: wait, Read: desktop }].entries()) {
    const run = await start(await publish(actions), i + 1);
    expect((await api(rig, 'POST', `runs/${run}/cancel`, {})).status).toBe(202);
    const view = await show(run);
    expect(view).toMatchObject({ status: 'Cancelled', error: { code: 'Cancelled' } });
    const states = Object.values(view['actions'] as Record<string, { status: string }>);
    expect(new Set(states.map(({ status }) => status))).toEqual(new Set(['Cancelled']));
  }
});

test('A8: an unknown parameter of a list is refused by name; the key of a function is none of the list', async () => {
  const list = (query: Record<string, string>) => api(rig, 'GET', 'runs', undefined, { query });
  const refused = await list({ state: 'Failed' });
  expect(refused.body).toMatchObject({ status: 400, code: 'InvalidQuery' });
  expect(JSON.stringify(refused.body)).toContain('state');
  expect((await list({ status: 'Failed', code: 'key', clientId: 'default' })).status).toBe(200);
});
