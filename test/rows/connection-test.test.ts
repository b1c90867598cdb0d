import { openCredential } from '../../agent/identity/sealed-credential';
import type { AccountCheck } from '../../contracts/agent-protocol';
import { connectionTestView, type ConnectionTestView } from '../../contracts/connection-test';
import { startConnectionTest } from '../../functions/connections/start-connection-test.http';
import { callDurable } from '../functions/api';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api, rigClient } from '../support/rig-api';
import { SECOND } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

const secret = 'correct-horse-battery-staple';
let agents: TestAgent[];
beforeEach(async () => {
  rig = startApp();
  agents = [
    await TestAgent.register(rig, 1),
    await TestAgent.register(rig, 2),
    await TestAgent.register(rig, 3),
  ];
  for (const [index, agent] of agents.entries()) {
    const gateway = { name: `g${index}`, machine: agent.machine, cluster: 'all', enabled: true };
    await rig.ports.gateways.put(gateway);
  }
  await rig.ports.gateways.putCluster('all', { runOnAll: false });
  await connect({ kind: 'cluster', name: 'all' });
});
afterEach(() => rig.close());

async function connect(target: unknown): Promise<void> {
  const body = { target, user: 'robot', credential: { password: secret } };
  expect((await api(rig, 'PUT', 'connections/office', body)).status).toBe(200);
}

/** Starts a test. @returns where to look. */
async function begin(): Promise<string> {
  const answer = await api(rig, 'POST', 'connections/office/test');
  expect([answer.status, answer.body['status']]).toEqual([202, 'running']);
  const location = answer.headers.get('location') ?? '';
  expect(location).toBe((answer.body['links'] as { self: string }).self);
  return location.replace('/api/', '');
}

async function look(location: string): Promise<ConnectionTestView> {
  const answer = await api(rig, 'GET', location);
  expect(answer.status).toBe(200);
  return connectionTestView.parse(answer.body);
}

const testOf = (location: string): string => location.split('/').at(-1) ?? '';
const known: AccountCheck = { user: 'known', userId: '1001', password: 'accepted' };
const answer = (agent: TestAgent | undefined, location: string, check: AccountCheck) =>
  agent?.say('connectionTested', { ...check, test: testOf(location) });

test('B9: every member is asked, and the report names what each said', async () => {
  const [first, second, third] = agents;
  await first?.hello();
  await second?.hello();
  const location = await begin();
  expect(rig.ports.asked.map(({ machine }) => machine)).toEqual([first?.machine, second?.machine]);
  await answer(first, location, known);
  expect(await look(location)).toMatchObject({ status: 'running', members: [] });
  const error = { code: 'SessionCreationInvalidCredentials', message: 'no' } as const;
  await answer(second, location, { user: 'known', password: 'refused', error });
  expect(await look(location)).toMatchObject({
    status: 'done',
    ok: false,
    connection: 'office',
    members: [
      { machine: first?.machine, name: 'machine-1', ok: true, reachable: true, ...known },
      {
        machine: second?.machine,
        ok: false,
        reachable: true,
        password: 'refused',
        error: { code: error.code, remedy: expect.stringContaining('credentials') as string },
      },
      { machine: third?.machine, ok: false, reachable: false, error: { code: 'NoListenerConnected' } },
    ],
  });
});

test('B9: all is well when all say so; a machine that does not answer within half a minute has not', async () => {
  for (const agent of agents) await agent.hello();
  const location = await begin();
  for (const agent of agents) await answer(agent, location, known);
  expect(await look(location)).toMatchObject({ status: 'done', ok: true });

  const again = await begin();
  for (const agent of agents.slice(1)) await answer(agent, again, known);
  await rig.advance(31 * SECOND);
  expect(await look(again)).toMatchObject({
    status: 'done',
    ok: false,
    members: [{ reachable: false, error: { code: 'ConnectionTimeout' } }, { ok: true }, { ok: true }],
  });
});

test('B9, B3: the question carries the credential, sealed for this machine and this test; no history has it', async () => {
  const [agent] = agents;
  if (!agent) throw new Error('there are agents');
  await connect({ kind: 'machine', id: agent.machine });
  await agent.hello();
  const location = await begin();
  const [asked] = rig.ports.asked;
  expect(asked).toMatchObject({ test: testOf(location), user: 'robot', epoch: 1 });
  const use = { machine: agent.machine, test: testOf(location), epoch: 1 };
  const opened = openCredential(asked?.sealedCredential ?? '', agent.unsealingKey, use);
  expect(opened).toEqual({ user: 'robot', password: secret });
  await answer(agent, location, known);
  const history = await rig.history(testOf(location));
  expect(JSON.stringify([history, await look(location), [...rig.episodes.values()]])).not.toContain(secret);
});

test('B9: who answers in time is answered to the request itself', async () => {
  const [agent] = agents;
  if (!agent) throw new Error('there are agents');
  await connect({ kind: 'machine', id: agent.machine });
  await agent.hello();
  const ask = startConnectionTest(rig.ports, { patienceMs: 20_000 });
  const asking = callDurable(ask, rigClient(rig), { method: 'POST', params: { name: 'office' } });
  for (let turn = 0; rig.ports.asked.length === 0 && turn < 1_000; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  await agent.say('connectionTested', { ...known, test: rig.ports.asked[0]?.test ?? '' });
  expect(await asking).toMatchObject({ status: 200, body: { status: 'done', ok: true } });
});

test('B9: an answer of a machine that was not asked, a second one, and one to nothing change nothing', async () => {
  const [first, second] = agents;
  if (!first || !second) throw new Error('there are agents');
  await connect({ kind: 'machine', id: first.machine });
  await first.hello();
  const location = await begin();
  await answer(second, location, known);
  expect(await look(location)).toMatchObject({ status: 'running' });
  await answer(first, location, { user: 'notChecked', password: 'notChecked' });
  await answer(first, location, known);
  expect((await look(location)).members).toMatchObject([{ machine: first.machine, user: 'notChecked' }]);
  await answer(first, `ct-${'0'.repeat(26)}`, known);
  expect(rig.warnings.filter((line) => line.includes('dropped: unknown test'))).toHaveLength(1);
  await first.say('connectionTested', { ...known, test: '01HZZZZZZZZZZZZZZZZZZZZZ01-1' });
  expect(rig.warnings.filter((line) => line.includes('dropped: malformed'))).toHaveLength(1);
});

test('B9: nobody to ask is a named error', async () => {
  const group = `g-${'0'.repeat(26)}`;
  await rig.ports.groups.put({ id: group, name: 'empty', createdMs: 0 });
  await connect({ kind: 'group', id: group });
  expect(await look(await begin())).toMatchObject({
    ok: false,
    members: [],
    error: { code: 'GroupIsEmpty' },
  });
  for (const path of [
    'connections/none/test',
    'connections/office/tests/x',
    `connections/other/tests/ct-${'0'.repeat(26)}`,
  ]) {
    const missing = await api(rig, path.endsWith('/test') ? 'POST' : 'GET', path);
    expect([missing.status, missing.body['code']]).toEqual([
      404,
      path.endsWith('/test') ? 'ConnectionNotFound' : 'ConnectionTestNotFound',
    ]);
  }
});

test('B9: a credential that cannot be sent is the answer for every machine', async () => {
  for (const agent of agents) await agent.hello();
  rig.ports.secrets.get = () => Promise.resolve(undefined);
  const view = await look(await begin());
  expect(view.members.map(({ error }) => error?.code)).toEqual(
    Array(3).fill('SessionCreationInvalidCredentials'),
  );
});
