import type { FlowDefinition } from '../../contracts/flow-definition';
import type { CaseView } from '../../contracts/processes';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';

let rig: AppRig;

const PROCESS = {
  name: 'credit',
  stages: [
    {
      name: 'intake',
      steps: [
        { name: 'customer', required: true },
        { name: 'amount', required: true, schema: { type: 'number', minimum: 1 } },
      ],
      flows: [{ flow: 'welcome', on: 'entry' }],
    },
    {
      name: 'check',
      steps: [],
      flows: [
        { flow: 'score', on: 'entry', wait: true, inputs: { amount: "@triggerBody()['amount']" } },
        { flow: 'letter', on: 'demand' },
        { flow: 'archive', on: 'exit', wait: true },
      ],
    },
    { name: 'payout', steps: [{ name: 'account', required: true }], flows: [] },
  ],
};

/** A flow that answers with its input, and waits on request until it is told otherwise. */
function flow(name: string, actions: FlowDefinition['actions']): FlowDefinition {
  return {
    name,
    triggers: { manual: { type: 'Request', kind: 'Button' } },
    actions,
    outputs: { got: '@triggerBody()' },
  };
}
const say = { say: { type: 'Compose' as const, inputs: 'x' } };
const fail = { no: { type: 'Compose' as const, inputs: "@int('no number')" } };

beforeEach(async () => {
  rig = startApp();
  for (const name of ['welcome', 'score', 'letter', 'archive']) await rig.ports.flows.put(flow(name, say));
  await api(rig, 'PUT', 'processes/credit', PROCESS);
});
afterEach(() => rig.close());

async function begin(data: Record<string, unknown> = {}): Promise<string> {
  const { status, body, headers } = await api(rig, 'POST', 'processes/credit/cases', {
    title: 'Ann',
    data,
  });
  expect([status, headers.get('location')]).toEqual([
    201,
    `/api/processes/credit/cases/${String(body['id'])}`,
  ]);
  return `processes/credit/cases/${String(body['id'])}`;
}
async function look(path: string): Promise<CaseView> {
  return (await api(rig, 'GET', path)).body as unknown as CaseView;
}
const step = (path: string, verb: string, body: unknown = {}) => api(rig, 'POST', `${path}/${verb}`, body);

test('A4: a case goes through its stages; the gate asks for required data; flows run on entry with the data', async () => {
  const path = await begin({ customer: 'Ann' });
  expect(await look(path)).toMatchObject({ stage: 'intake', state: 'open', missing: ['amount is required'] });
  const refused = await step(path, 'advance');
  expect([refused.status, refused.body['code'], refused.body['detail']]).toEqual([
    409,
    'CaseRefused',
    'amount is required.',
  ]);
  await api(rig, 'PATCH', path, { data: { amount: 500 } });
  await step(path, 'advance');
  const { stage, runs, missing } = await look(path);
  expect([stage, missing]).toEqual(['check', []]);
  expect(runs.map(({ flow: name, state }) => [name, state])).toEqual([
    ['welcome', 'Succeeded'],
    ['score', 'Succeeded'],
  ]);
  const score = await api(rig, 'GET', `runs/${runs[1]?.run ?? ''}`);
  expect(score.body).toMatchObject({ outputs: { got: { amount: 500 } } });
});

test('A4: a stage is left when the flows that it waits for have succeeded, and its flows of leaving have too', async () => {
  await rig.ports.flows.put(flow('score', fail));
  const path = await begin({ customer: 'Ann', amount: 5 });
  await step(path, 'advance');
  expect((await look(path)).missing).toEqual(['the flow score ended Failed: run it again']);
  expect((await step(path, 'advance')).status).toBe(409);
  await rig.ports.flows.put(flow('score', say));
  await step(path, 'run', { flow: 'score' });
  await rig.ports.flows.put(flow('archive', fail));
  await step(path, 'advance');
  expect(await look(path)).toMatchObject({ state: 'open', stage: 'check' });
  await rig.ports.flows.put(flow('archive', say));
  await step(path, 'advance');
  expect(await look(path)).toMatchObject({
    state: 'open',
    stage: 'payout',
    missing: ['account is required'],
  });
  await api(rig, 'PATCH', path, { data: { account: 'DE1' } });
  await step(path, 'advance', { reason: 'paid' });
  const { state, history } = await look(path);
  expect(state).toBe('finished');
  expect(history.at(-1)).toMatchObject({ what: 'finished', by: 'owner', reason: 'paid', stage: 'payout' });
  expect((await step(path, 'back')).body).toMatchObject({ code: 'CaseRefused', detail: 'It is finished.' });
});

test('A4: back runs the flows of entry again; on demand; abandon', async () => {
  const path = await begin({ customer: 'Ann', amount: 5 });
  expect((await step(path, 'back')).body).toMatchObject({ detail: 'It is in its first stage.' });
  await step(path, 'advance');
  expect((await step(path, 'run', { flow: 'welcome' })).body).toMatchObject({
    detail: 'The stage check has no flow welcome to run.',
  });
  await step(path, 'run', { flow: 'letter' });
  await step(path, 'back', { reason: 'wrong customer' });
  expect((await look(path)).runs.map((run) => `${run.stage}/${run.flow}`)).toEqual([
    'intake/welcome',
    'check/score',
    'check/letter',
    'intake/welcome',
  ]);
  await step(path, 'abandon', { reason: 'withdrawn' });
  expect(await look(path)).toMatchObject({ state: 'abandoned', stage: 'intake' });
  const { cases } = (
    await api(rig, 'GET', 'processes/credit/cases', undefined, { query: { state: 'abandoned' } })
  ).body as unknown as { cases: { title: string }[] };
  expect(cases.map(({ title }) => title)).toEqual(['Ann']);
});

test('A4, L1: what a crash left unstarted is started once by the watch, which goes on with what waits', async () => {
  const { start } = rig.instances;
  await api(rig, 'PATCH', await begin({ customer: 'Ann', amount: 5 }), { data: { amount: 6 } });
  const [of] = await rig.ports.processes.pendingCases();
  if (!of) throw new Error('no case is pending');
  const stored = await rig.ports.processes.getCase(of.process, of.id);
  if (!stored) throw new Error('the case is gone');
  // As if the process had ended between the write and the start.
  const runs = stored.value.runs.map(({ run: _run, outcome: _outcome, ...planned }) => ({
    ...planned,
    key: '9.x.1',
  }));
  await rig.ports.processes.replaceCase({ ...stored, value: { ...stored.value, runs } });
  const started: string[] = [];
  rig.instances.start = (name, input, id) => {
    started.push(name);
    return start(name, input, id);
  };
  await rig.invoke('watch-cases', {});
  await rig.invoke('watch-cases', {});
  expect(started).toEqual(['cloud-flow-run']);
  expect((await look(`processes/credit/cases/${of.id}`)).runs).toMatchObject([{ state: 'Succeeded' }]);
  expect(await rig.ports.processes.pendingCases()).toEqual([]);
});

test('A4: a definition that cannot work is refused with every wrong place; a case keeps the one that it began with', async () => {
  const wrong = await api(rig, 'PUT', 'processes/credit', {
    name: 'other',
    stages: [
      {
        name: 'a',
        steps: [{ name: 'x', schema: { type: 'nonsense' } }],
        flows: [{ flow: 'gone', on: 'entry' }],
      },
    ],
  });
  expect([wrong.status, wrong.body['code']]).toEqual([400, 'InvalidBody']);
  expect((wrong.body['errors'] as { path: string }[]).map(({ path }) => path)).toEqual([
    'name',
    'stages.0.steps.0.schema',
    'stages.0.flows.0.flow',
  ]);
  const path = await begin({ customer: 'Ann' });
  await api(rig, 'PUT', 'processes/credit', { name: 'credit', stages: [{ name: 'only' }] });
  expect((await look(path)).stages).toEqual(['intake', 'check', 'payout']);
  expect((await api(rig, 'PATCH', path, { data: { amount: 'much', nonsense: 1 } })).body).toMatchObject({
    code: 'InvalidBody',
    errors: [{ path: 'data.amount' }, { path: 'data.nonsense' }],
  });
  expect((await api(rig, 'DELETE', 'processes/credit')).status).toBe(204);
  expect((await api(rig, 'POST', 'processes/credit/cases', {})).body).toMatchObject({
    code: 'ProcessNotFound',
  });
  expect((await look(path)).stage).toBe('intake');
});
