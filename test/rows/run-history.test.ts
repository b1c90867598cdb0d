import { flowDefinition } from '../../contracts/flow-definition';
import { AppRig, RegisteredFunctions } from '../support/app-rig';
import { api } from '../support/rig-api';
import { MINUTE, publishDesktopFlow, runId, SECOND } from '../support/runs';
import { TestAgent } from '../support/test-agent';

const mockFunctions = new RegisteredFunctions();
let mockRig: AppRig;
jest.mock('@azure/functions-core', () => mockFunctions.core, { virtual: true });
jest.mock('../../adapters/ports-factory', () => ({ createPorts: () => mockRig.ports }));
jest.mock('../../adapters/instances', () => ({ instancesOf: () => mockRig.instances }));

let agent: TestAgent;
beforeEach(async () => {
  jest.resetModules();
  mockRig = new AppRig(mockFunctions);
  jest.requireActual('../../app');
  mockRig.run();
  agent = await TestAgent.register(mockRig);
  await agent.hello();
  await publishDesktopFlow(mockRig);
});
afterEach(() => mockRig.close());

const desktop = { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'machine-1' } };

async function publish(actions: Record<string, unknown>, schema?: object): Promise<string> {
  const trigger = { type: 'Request', ...(schema ? { inputs: { schema } } : {}) };
  const flow = flowDefinition.parse({ name: 'flow', triggers: { manual: trigger }, actions });
  return (await mockRig.ports.flows.put(flow)).hash;
}

async function start(
  definition: string,
  number: number,
  triggerBody: unknown = { month: 1 },
): Promise<string> {
  const run = runId(number);
  const input = { run, flow: 'flow', definition, triggerBody, startedBy: 'ann', trigger: 'Button' };
  await mockRig.start('cloud-flow-run', input, run);
  return run;
}

const show = async (run: string) => (await api(mockRig, 'GET', `runs/${run}`)).body;
const resubmit = (run: string, key?: string) =>
  api(mockRig, 'POST', `runs/${run}/resubmit`, undefined, key ? { headers: { 'idempotency-key': key } } : {});

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
  expect((await api(mockRig, 'POST', `runs/${run}/cancel`, {})).status).toBe(202);
  await agent.say('done', { outcome: 'Stopped' }, grant);
  await mockRig.advance(MINUTE);
  expect(await show(run)).toMatchObject({
    status: 'Cancelled',
    children: [{ status: 'Cancelled' }, { status: 'Cancelled' }],
  });
  const again = await api(mockRig, 'POST', `runs/${run}/cancel`, {});
  expect(again.body).toMatchObject({ status: 409, code: 'RunAlreadyEnded' });
});

test('A8: runs are listed by flow, status, starter, time, and desktop-flow runs by machine and desktop flow', async () => {
  const definition = await publish({ Read: desktop });
  const first = await start(definition, 1);
  await agent.succeed(await agent.startRun());
  await mockRig.advance(SECOND);
  const second = await start(definition, 2);
  await agent.say('done', { outcome: 'Failed' }, await agent.startRun());
  const list = async (query: Record<string, string>) =>
    ((await api(mockRig, 'GET', 'runs', undefined, { query })).body['runs'] as { run: string }[]).map(
      ({ run }) => run,
    );
  expect(await list({ flow: 'flow' })).toEqual([second, first]);
  expect(await list({ status: 'Failed' })).toEqual([second]);
  expect(await list({ status: 'Succeeded', startedBy: 'ann' })).toEqual([first]);
  expect(await list({ startedBy: 'bob' })).toEqual([]);
  expect(await list({ from: '2100-01-01T00:00:00.000Z' })).toEqual([]);
  expect(await list({ machine: agent.machine })).toEqual([`${second}-1`, `${first}-1`]);
  expect(await list({ desktopFlow: 'invoices', status: 'Failed' })).toEqual([`${second}-1`]);
  const pages = await api(mockRig, 'GET', 'runs', undefined, { query: { flow: 'flow', top: '1' } });
  const { continuation = '' } = pages.body as { continuation?: string };
  expect(await list({ flow: 'flow', top: '1', continuation })).toEqual([first]);
  const wrong = await api(mockRig, 'GET', 'runs', undefined, {
    query: { flow: 'flow', machine: agent.machine },
  });
  expect(wrong.body['code']).toBe('InvalidQuery');
});
