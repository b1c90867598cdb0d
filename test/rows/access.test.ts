import { artifactKey } from '../../adapters/blobs/blob-keys';
import { auditEntry, auditList, type AuditEntry } from '../../contracts/audit';
import { problem } from '../../contracts/api-problem';
import { operations } from '../../contracts/openapi/operations';
import { functionsOfPeople } from '../../domain/access/functions-of-people';
import { RegisteredRoutes } from '../docs/support/registered-routes';
import { AppRig } from '../support/app-rig';
import { principalHeader, RegisteredApi, type ApiAnswer } from '../support/registered-api';
import { rigClient as mockClient } from '../support/rig-api';
import { HOUR, publishDesktopFlow } from '../support/runs';
import { TestAgent } from '../support/test-agent';

const DAY = 24 * HOUR;
const MS_ROLE = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role';

const mockFunctions = new RegisteredRoutes();
let mockRig: AppRig;
jest.mock('@azure/functions-core', () => mockFunctions.core, { virtual: true });
jest.mock('../../adapters/ports-factory', () => ({ createPorts: () => mockRig.ports }));
jest.mock('../../adapters/instances', () => ({
  instancesOf: () => mockRig.instances,
  clientOf: () => mockClient(mockRig),
}));

const api = new RegisteredApi(mockFunctions, () => mockRig);
let agent: TestAgent;
const before = { ...process.env };
beforeEach(async () => {
  jest.resetModules();
  process.env['ATTENDANT_EASY_AUTH'] = 'true';
  mockRig = new AppRig(mockFunctions);
  jest.requireActual('../../app');
  mockRig.run();
  agent = await TestAgent.register(mockRig);
  await agent.hello();
  await publishDesktopFlow(mockRig);
  await send('olga', 'owner', 'PUT', 'flows/flow', definition);
});
afterEach(async () => {
  process.env = { ...before };
  await mockRig.close();
});

const desktop = { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'machine-1' } };
const definition = { name: 'flow', triggers: { manual: { type: 'Request' } }, actions: { Read: desktop } };

type Method = Parameters<RegisteredApi['send']>[0];

/** A request of somebody who has signed in with this role (none: undefined). */
function send(
  name: string,
  role: string | undefined,
  method: Method,
  target: string,
  body?: unknown,
): Promise<ApiAnswer> {
  const roles = role === undefined ? [] : [['roles', role] as [string, string]];
  const headers = { 'x-ms-client-principal': principalHeader(['preferred_username', name], ...roles) };
  return api.send(method, target, { headers, ...(body === undefined ? {} : { body }) });
}

async function startRun(name: string, role: string): Promise<string> {
  const answer = await send(name, role, 'POST', 'flows/flow/run', {});
  expect(answer.status).toBe(202);
  return String(answer.body['run']);
}

const statusOf = async (answer: Promise<ApiAnswer>) => (await answer).status;
const runsOf = ({ body }: ApiAnswer) => (body['runs'] as { run: string }[]).map(({ run }) => run);
const audit = async (query = ''): Promise<AuditEntry[]> => {
  const { body } = await send('olga', 'owner', 'GET', `audit?top=100${query}`);
  return auditList.parse(body).entries;
};

test('L8: every function that people call has a rule; agents, events, health and the description of the API stand outside', () => {
  const open = mockFunctions.routes.filter(({ authLevel }) => authLevel === 'anonymous');
  const closed = mockFunctions.routes.filter(({ authLevel }) => authLevel !== 'anonymous');
  expect(closed.map(({ name }) => name).sort()).toEqual(Object.keys(functionsOfPeople).sort());
  const outside = open.filter(({ route }) => !/^(agent|events)\//.test(route)).map(({ name }) => name);
  expect(outside.sort()).toEqual(['get-health', 'get-openapi']);
  const rules = Object.entries<{ does?: string }>(functionsOfPeople);
  for (const { name, method } of closed) {
    const does = rules.find(([known]) => known === name)?.[1].does;
    expect([name, does !== undefined]).toEqual([name, method !== 'GET']);
  }
});

test.each([
  ['owner', { read: 200, log: 200, change: 200, operate: 200, start: 202, flows: 200 }],
  ['operator', { read: 200, log: 403, change: 403, operate: 200, start: 202, flows: 200 }],
  ['viewer', { read: 200, log: 403, change: 403, operate: 403, start: 403, flows: 200 }],
  ['runner', { read: 403, log: 403, change: 403, operate: 403, start: 202, flows: 200 }],
])('L8: what the role %s may do', async (role, expected) => {
  const who = [`some-${role}`, role] as const;
  expect({
    read: await statusOf(send(...who, 'GET', 'machines')),
    log: await statusOf(send(...who, 'GET', 'audit')),
    change: await statusOf(send(...who, 'PUT', 'flows/flow', definition)),
    operate: await statusOf(send(...who, 'PATCH', `machines/${agent.machine}`, { maintenance: false })),
    start: await statusOf(send(...who, 'POST', 'flows/flow/run', {})),
    flows: await statusOf(send(...who, 'GET', 'flows/flow')),
  }).toEqual(expected);
});

test('L8: of all functions each role is let through to exactly those that it may use', async () => {
  const refused: Record<string, string[]> = { owner: [], operator: [], viewer: [], runner: [] };
  for (const [role, names] of Object.entries(refused)) {
    for (const { name, method, route } of operations.filter(({ access }) => access === 'key')) {
      // Streams and waits are for those who may have them.
      if (role !== 'runner' && ['stream-changes', 'list-changes'].includes(name)) continue;
      const answer = await send('x', role, method, route.replace(/\{\w+\}/g, 'none'));
      if (answer.body['code'] === 'NotAllowed') names.push(name);
    }
  }
  const needing = (...permissions: string[]) =>
    Object.entries(functionsOfPeople)
      .filter(([, { needs }]) => permissions.includes(needs))
      .map(([name]) => name)
      .sort();
  expect(refused['owner']).toEqual([]);
  expect(refused['operator']?.sort()).toEqual(needing('administer'));
  expect(refused['viewer']?.sort()).toEqual(needing('administer', 'operate', 'startFlows'));
  expect(refused['runner']?.sort()).toEqual(needing('administer', 'operate', 'see'));
});

test('L8: a refusal is a problem that names the role, what it lacks and who has it, and changes nothing', async () => {
  const refusal = await send('vera', 'viewer', 'DELETE', 'flows/flow');
  expect(refusal.headers.get('content-type')).toBe('application/problem+json');
  expect(problem.parse(refusal.body)).toMatchObject({
    status: 403,
    code: 'NotAllowed',
    detail: 'vera has the role viewer and may not delete a cloud flow; owner may. An owner gives roles.',
  });
  expect(await statusOf(send('vera', 'viewer', 'GET', 'flows/flow'))).toBe(200);
});

test('L8: whoever started a run may cancel it, also as a viewer by now; of others only operators and owners', async () => {
  const run = await startRun('otto', 'operator');
  expect((await send('vera', 'viewer', 'POST', `runs/${run}/cancel`, {})).body).toMatchObject({
    status: 403,
    detail: expect.stringContaining('may not cancel a run that somebody else has started'),
  });
  expect(await statusOf(send('otto', 'viewer', 'POST', `runs/${run}-1/stop`, { mode: 'ask' }))).toBe(202);
  const second = await startRun('otto', 'operator');
  expect(await statusOf(send('otto', 'viewer', 'POST', `runs/${second}/cancel`, {}))).toBe(202);
  const another = await startRun('rita', 'runner');
  expect(await statusOf(send('otto', 'operator', 'POST', `runs/${another}/cancel`, {}))).toBe(202);
  expect(await statusOf(send('vera', 'viewer', 'POST', 'runs/01HZZZZZZZZZZZZZZZZZZZZZ99/cancel', {}))).toBe(
    404,
  );
});

test('L8: run-only callers follow and cancel what they started; runs of others are not there for them', async () => {
  const own = await startRun('rita', 'runner');
  const other = await startRun('otto', 'operator');
  await mockRig.ports.blobs.put(artifactKey(`${other}-1`, 'report.csv'), Buffer.from('a'));
  await mockRig.ports.blobs.put(artifactKey(`${own}-1`, 'report.csv'), Buffer.from('a'));
  const unknown = '01HZZZZZZZZZZZZZZZZZZZZZ99';
  const paths = (run: string) => [
    ...['', '/logs', '/actions', '/artifacts'].map((part) => `runs/${run}${part}`),
    `runs/${run}-1`,
    `runs/${run}-1/logs`,
    `runs/${run}-1/artifacts/report.csv`,
  ];
  for (const path of paths(own)) {
    const answer = await send('rita', 'runner', 'GET', path);
    // A cloud-flow run has no log of its own.
    if (path !== `runs/${own}/logs`) expect([path, answer.status]).toEqual([path, 200]);
  }
  for (const [index, path] of paths(other).entries()) {
    const hidden = await send('rita', 'runner', 'GET', path);
    const missing = await send('rita', 'runner', 'GET', paths(unknown)[index] ?? '');
    const text = (answer: ApiAnswer, run: string) => JSON.stringify(answer.body).replaceAll(run, '<run>');
    expect([path, hidden.status, text(hidden, other)]).toEqual([path, 404, text(missing, unknown)]);
    expect(await statusOf(send('vera', 'viewer', 'GET', path))).not.toBe(403);
  }
  expect(await statusOf(send('rita', 'runner', 'POST', `runs/${other}/cancel`, {}))).toBe(404);
  expect((await send('olga', 'owner', 'GET', `runs/${other}`)).body).toMatchObject({ status: 'Running' });
  expect(await statusOf(send('rita', 'runner', 'POST', `runs/${own}/cancel`, {}))).toBe(202);
});

test('L8: lists show run-only callers their own runs, also of desktop flows', async () => {
  const own = await startRun('rita', 'runner');
  const other = await startRun('otto', 'operator');
  const list = async (query: string, name = 'rita', role = 'runner') =>
    runsOf(await send(name, role, 'GET', `runs${query}`));
  expect(await list('')).toEqual([own]);
  expect(await list('?flow=flow')).toEqual([own]);
  expect(await list('?startedBy=otto')).toEqual([]);
  expect(await list('?desktopFlow=invoices')).toEqual([`${own}-1`]);
  expect(await list(`?machine=${agent.machine}`)).toEqual([`${own}-1`]);
  expect(await list(`?machine=${agent.machine}`, 'rob')).toEqual([]);
  expect((await list('', 'vera', 'viewer')).sort()).toEqual([own, other].sort());
  expect(await list('?startedBy=otto', 'vera', 'viewer')).toEqual([other]);
});

test('L8: until a run has its row, its orchestration says who started it', async () => {
  const run = await startRun('rita', 'runner');
  const row = await mockRig.ports.runs.get(run);
  if (!row) throw new Error('there is no row');
  await mockRig.ports.runs.remove(row);
  expect(await statusOf(send('rita', 'runner', 'POST', `runs/${run}/cancel`, {}))).toBe(202);
  expect(await statusOf(send('rob', 'runner', 'GET', `runs/${run}`))).toBe(404);
});

describe('L8: who has signed in', () => {
  test.each<[string, Record<string, string>]>([
    ['nobody', {}],
    ['an empty header', { 'x-ms-client-principal': '' }],
    ['no base64', { 'x-ms-client-principal': '%%%' }],
    ['no JSON', { 'x-ms-client-principal': Buffer.from('{').toString('base64') }],
    ['no claims', { 'x-ms-client-principal': Buffer.from('{}').toString('base64') }],
    ['a claim that is none', { 'x-ms-client-principal': Buffer.from('{"claims":[1]}').toString('base64') }],
    ['no name', { 'x-ms-client-principal': principalHeader(['roles', 'owner']) }],
  ])('%s: 401', async (_what, headers) => {
    for (const method of ['GET', 'PUT'] as const) {
      const answer = await api.send(method, 'flows/flow', {
        headers,
        ...(method === 'PUT' ? { body: {} } : {}),
      });
      expect(problem.parse(answer.body)).toMatchObject({ status: 401, code: 'NotSignedIn' });
    }
    expect((await audit()).map(({ by }) => by)).toEqual(['olga']);
  });

  test.each<[string, [string, string][], number]>([
    ['no role: a viewer', [], 403],
    ['a role of another app', [['roles', 'Payroll.Owner']], 403],
    ['the prefix, any case', [['roles', 'ATTENDANT.owner']], 200],
    ['the long name of the claim', [[MS_ROLE, 'Owner']], 200],
    [
      'the strongest counts',
      [
        ['roles', 'viewer'],
        ['roles', 'owner'],
        ['roles', 'runner'],
      ],
      200,
    ],
    ['a name is no role', [['name', 'owner']], 403],
  ])('%s', async (_what, claims, status) => {
    const headers = { 'x-ms-client-principal': principalHeader(['preferred_username', 'ann'], ...claims) };
    expect(await statusOf(api.send('PUT', 'flows/flow', { headers, body: definition }))).toBe(status);
    expect(await statusOf(api.send('GET', 'machines', { headers }))).toBe(200);
  });

  test('the setting ATTENDANT_DEFAULT_ROLE is the role of those who have none', async () => {
    process.env['ATTENDANT_DEFAULT_ROLE'] = 'runner';
    expect(await statusOf(send('ann', undefined, 'GET', 'machines'))).toBe(403);
    expect(await statusOf(send('ann', undefined, 'POST', 'flows/flow/run', {}))).toBe(202);
  });

  test('without ATTENDANT_EASY_AUTH the key is the owner, and the header counts for nothing', async () => {
    delete process.env['ATTENDANT_EASY_AUTH'];
    expect(await statusOf(send('vera', 'viewer', 'PUT', 'flows/flow', definition))).toBe(200);
    expect(await statusOf(api.send('GET', 'machines', { headers: { 'x-ms-client-principal': '%%%' } }))).toBe(
      200,
    );
    expect((await audit()).map(({ by, role }) => [by, role])).toEqual([
      ['owner', 'owner'],
      ['olga', 'owner'],
    ]);
  });
});

describe('L8: the audit log', () => {
  test('keeps who changed what, and what was refused; reading is not kept', async () => {
    const run = await startRun('otto', 'operator');
    await send('otto', 'operator', 'POST', `runs/${run}/cancel`, { reason: 'wrong file' });
    await send('otto', 'operator', 'GET', 'machines');
    await send('rita', 'runner', 'GET', 'machines');
    await send('vera', 'viewer', 'DELETE', 'flows/flow');
    await send('olga', 'owner', 'DELETE', 'flows/none');
    const entries = await audit();
    expect(entries.map(({ by, role, what, target, status }) => [by, role, what, target, status])).toEqual([
      ['olga', 'owner', 'delete a cloud flow', { flow: 'none' }, 404],
      ['vera', 'viewer', 'delete a cloud flow', { flow: 'flow' }, 403],
      ['otto', 'operator', 'cancel a run', { run }, 202],
      ['otto', 'operator', 'start a run', { flow: 'flow', started: run }, 202],
      ['olga', 'owner', 'store a cloud flow', { flow: 'flow' }, 200],
    ]);
    expect(entries[2]).toEqual({
      at: new Date(mockRig.clock.now()).toISOString(),
      by: 'otto',
      role: 'operator',
      function: 'cancel-run',
      what: 'cancel a run',
      target: { run },
      path: `/api/runs/${run}/cancel`,
      status: 202,
      fields: ['reason'],
      traceId: 'invocation-1',
    });
    for (const entry of entries) expect(auditEntry.parse(entry)).toEqual(entry);
  });

  test('names what an address does not tell: flows of a set, a new group, the run that repeats another', async () => {
    const other = { ...definition, name: 'other' };
    await send('olga', 'owner', 'PUT', 'flows', { flows: [definition, other] });
    await send('olga', 'owner', 'PUT', 'flows', { flows: [other], prune: true, dryRun: true });
    const { body } = await send('olga', 'owner', 'POST', 'machine-groups', { name: 'Finance' });
    const run = await startRun('otto', 'operator');
    await send('otto', 'operator', 'POST', `runs/${run}/stop`, { mode: 'kill' });
    await mockRig.advance(HOUR);
    const again = await send('otto', 'operator', 'POST', `runs/${run}/resubmit`);
    expect((await audit()).slice(0, -1).map(({ target }) => target)).toEqual([
      { run, started: again.body['run'] },
      { run },
      { flow: 'flow', started: run },
      { created: body['id'] },
      {},
      { 'flow 1': 'other' },
    ]);
    expect((await audit('&target=other')).map(({ function: name }) => name)).toEqual(['put-flows']);
  });

  test('holds names of what was sent, never the values', async () => {
    const secret = 'planted-secret-51ab';
    await send('olga', 'owner', 'PUT', 'connections/machine-1', {
      target: { kind: 'machine', id: agent.machine },
      user: 'bot',
      password: secret,
    });
    await send('olga', 'owner', 'POST', `flows/flow/run?code=${secret}&parameters=%22${secret}%22`, {
      token: secret,
    });
    const [started, stored] = await audit();
    expect([started?.fields, stored?.fields]).toEqual([['token'], ['target', 'user', 'password']]);
    expect(JSON.stringify([started, stored])).not.toContain(secret);
  });

  test('is asked for by person, function, target and time, page by page', async () => {
    const startMs = mockRig.clock.now();
    for (const name of ['ann', 'bob', 'ann', 'ann']) {
      await mockRig.advance(DAY / 2);
      await send(name, 'operator', 'POST', 'flows/flow/disable');
    }
    const days = (entries: AuditEntry[]) => entries.map(({ at }) => (Date.parse(at) - startMs) / (DAY / 2));
    expect(days(await audit())).toEqual([4, 3, 2, 1, 0]);
    expect(days(await audit('&by=ann'))).toEqual([4, 3, 1]);
    expect(days(await audit('&function=put-flow'))).toEqual([0]);
    expect(days(await audit('&target=none'))).toEqual([]);
    expect(days(await audit('&target=flow&by=bob'))).toEqual([2]);
    const at = (halves: number) => new Date(startMs + halves * (DAY / 2)).toISOString();
    expect(days(await audit(`&from=${at(2)}`))).toEqual([4, 3, 2]);
    expect(days(await audit(`&to=${at(2)}`))).toEqual([1, 0]);
    expect(days(await audit(`&from=${at(1)}&to=${at(3)}`))).toEqual([2, 1]);

    const seen: number[] = [];
    for (let continuation: string | undefined = ''; continuation !== undefined;) {
      const more: string = continuation ? `&continuation=${encodeURIComponent(continuation)}` : '';
      const { body } = await send('olga', 'owner', 'GET', `audit?top=2&by=ann${more}`);
      const page = auditList.parse(body);
      seen.push(...days(page.entries));
      ({ continuation } = page);
    }
    expect(seen).toEqual([4, 3, 1]);
    expect((await send('olga', 'owner', 'GET', 'audit?continuation=x')).body['code']).toBe('InvalidQuery');
  });

  test('is kept for its days, and goes with the housekeeping', async () => {
    await mockRig.advance(DAY);
    await send('ann', 'operator', 'POST', 'flows/flow/disable');
    await mockRig.advance(400 * DAY - DAY);
    await mockRig.tick('purge-history');
    expect((await audit()).map(({ by }) => by)).toEqual(['ann', 'olga']);
    await mockRig.advance(DAY);
    await mockRig.tick('purge-history');
    expect((await audit()).map(({ by }) => by)).toEqual(['ann']);
  });

  test('an entry that cannot be written makes no error of what was done, and stands in the log', async () => {
    mockRig.ports.audit.record = async () => {
      throw new Error('the table is away');
    };
    expect(await statusOf(send('olga', 'owner', 'POST', 'flows/flow/disable'))).toBe(200);
    expect((await mockRig.ports.flows.get('flow'))?.disabled).toBeDefined();
    expect(mockRig.warnings.join()).toMatch(
      /The audit log lacks an entry: .*"disable-flow".*the table is away/,
    );
  });
});
