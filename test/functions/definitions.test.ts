import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { getConnection } from '../../functions/connections/get-connection.http';
import { listConnections } from '../../functions/connections/list-connections.http';
import { putConnection } from '../../functions/connections/put-connection.http';
import { getDesktopFlow } from '../../functions/desktop-flows/get-desktop-flow.http';
import { listDesktopFlows } from '../../functions/desktop-flows/list-desktop-flows.http';
import { putDesktopFlow } from '../../functions/desktop-flows/put-desktop-flow.http';
import { getFlow } from '../../functions/flows/get-flow.http';
import { listFlows } from '../../functions/flows/list-flows.http';
import { putFlow } from '../../functions/flows/put-flow.http';
import { getHealth } from '../../functions/health/get-health.http';
import { getMachineQueue } from '../../functions/machines/get-machine-queue.http';
import { getMachine } from '../../functions/machines/get-machine.http';
import { listMachines } from '../../functions/machines/list-machines.http';
import { runQueueEntity } from '../../entities/run-queue.entity';
import { createInMemoryPorts, type InMemoryPorts } from '../support/in-memory-ports';
import { call, callDurable, FakeOrchestrations } from './api';

const MACHINE = `m-${'0'.repeat(26)}`;
const NOW = Date.UTC(2026, 0, 1);

let ports: InMemoryPorts;
beforeEach(async () => {
  ports = createInMemoryPorts({ now: () => NOW });
  const report = {
    os: 'linux' as const,
    osVersion: '6',
    agentVersion: '1',
    hostname: 'h',
    maxSessions: 1,
    rds: false,
  };
  await ports.machines.put({
    id: MACHINE,
    name: 'pc',
    epoch: 1,
    publicKey: 'p',
    sealingKey: 's',
    installation: 'i',
    report: { ...report, multipleSessionsPerUser: false, sessions: [], runners: [] },
    registeredMs: NOW,
    revoked: false,
  });
});

describe('flows', () => {
  const flow = {
    name: 'f',
    triggers: { manual: { type: 'Request', inputs: { schema: { type: 'object' } } } },
    actions: {
      a: { type: 'Compose', inputs: 1 },
      b: { type: 'Compose', inputs: 2, runAfter: { a: ['Succeeded'] } },
    },
  };
  const put = (body: unknown) => call(putFlow(ports), { method: 'PUT', params: { flow: 'f' }, body });

  it('are stored, shown and listed', async () => {
    expect((await put(flow)).status).toBe(200);
    const shown = await call(getFlow(ports), { params: { flow: 'f' } });
    expect(shown.body).toMatchObject({ name: 'f', trigger: 'Button', inputs: { type: 'object' } });
    expect((await call(listFlows(ports))).body).toEqual({
      flows: [
        {
          name: 'f',
          trigger: 'Button',
          hash: shown.body['hash'],
          updatedAt: '2026-01-01T00:00:00.000Z',
          state: 'enabled',
        },
      ],
    });
    expect((await call(getFlow(ports), { params: { flow: 'none' } })).body['code']).toBe('FlowNotFound');
  });

  it.each([
    ['another name', { ...flow, name: 'g' }, '/name'],
    ['no action', { ...flow, actions: {} }, '/actions'],
    ['an action of unknown type', { ...flow, actions: { a: { type: 'Magic' } } }, '/actions/a/type'],
    [
      'a wait for an action that is not there',
      { ...flow, actions: { b: { ...flow.actions.b } } },
      '/actions/b/runAfter/a',
    ],
    [
      'a schema that is none',
      { ...flow, triggers: { manual: { type: 'Request', inputs: { schema: { type: 'thing' } } } } },
      '/triggers/manual/inputs/schema',
    ],
    ['a property that does not exist', { ...flow, when: 'now' }, '/when'],
  ])('are refused with %s', async (_what, body, path) => {
    const answer = await put(body);
    expect([answer.status, answer.body['code']]).toEqual([400, 'InvalidDefinition']);
    expect(answer.body['errors']).toEqual([expect.objectContaining({ path })]);
  });
});

describe('desktop flows', () => {
  async function zipOf(files: Record<string, string>): Promise<Buffer> {
    const zip = new ZipFile();
    for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name);
    zip.end();
    return buffer(zip.outputStream);
  }
  const manifest = 'name: totals\nversion: "1"\nrunner: node\nentry: main.js\n';
  const put = (body: Uint8Array) =>
    call(putDesktopFlow(ports), { method: 'PUT', params: { name: 'totals' }, body });

  it('are published, shown and listed', async () => {
    const zip = await zipOf({ 'desktop-flow.yaml': manifest, 'main.js': '' });
    const answer = await put(zip);
    expect(answer.body).toMatchObject({
      name: 'totals',
      version: '1',
      package: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await call(getDesktopFlow(ports), { params: { name: 'totals' } })).body).toEqual(answer.body);
    expect((await call(listDesktopFlows(ports))).body).toEqual({ desktopFlows: [answer.body] });
    expect((await call(getDesktopFlow(ports), { params: { name: 'x' } })).body['code']).toBe(
      'DesktopFlowNotFound',
    );
  });

  it.each([
    ['no manifest', { 'sub/desktop-flow.yaml': manifest }, 'no desktop-flow.yaml'],
    ['a manifest that is not YAML', { 'desktop-flow.yaml': 'a: [' }, 'not YAML'],
    ['an incomplete manifest', { 'desktop-flow.yaml': 'name: totals' }, 'not valid'],
    ['an entry that is missing', { 'desktop-flow.yaml': manifest }, 'not valid'],
    ['another name', { 'desktop-flow.yaml': manifest.replace('totals', 'other'), 'main.js': '' }, undefined],
    [
      'a schema that is none',
      { 'desktop-flow.yaml': `${manifest}inputs: { type: 7 }\n`, 'main.js': '' },
      'not valid',
    ],
    ['aliases that multiply', { 'desktop-flow.yaml': bomb() }, 'not YAML'],
  ])('are refused with %s', async (_what, files, detail) => {
    const answer = await put(await zipOf(files));
    expect([answer.status, answer.body['code']]).toEqual([400, 'InvalidPackage']);
    if (detail === undefined)
      expect(answer.body['errors']).toEqual([expect.objectContaining({ path: 'name' })]);
    else expect(answer.body['detail']).toContain(detail);
  });

  it('are refused when the zip is none, or leaves its folder', async () => {
    expect((await put(Buffer.from('hello'))).body['code']).toBe('InvalidPackage');
    const evil = await zipOf({ 'desktop-flow.yaml': manifest, 'xx/xx/evil.js': '' });
    const bent = Buffer.from(evil.toString('latin1').replaceAll('xx/xx/evil.js', '../../evil.js'), 'latin1');
    expect((await put(bent)).body['detail']).toContain('invalid relative path');
  });

  function bomb(): string {
    const lines = ['a0: &a0 [x, x]'];
    for (let i = 1; i < 12; i += 1)
      lines.push(
        `a${i}: &a${i} [${Array(8)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    return lines.join('\n');
  }
});

describe('connections (B3)', () => {
  const put = (body: unknown, name = 'office') =>
    call(putConnection(ports), { method: 'PUT', params: { name }, body });
  const target = { kind: 'machine', id: MACHINE };

  it('keep the credential apart and never show it', async () => {
    const answer = await put({ target, user: 'me', credential: { password: 'hunter2' } });
    expect(answer.body).toEqual({ name: 'office', target, user: 'me', hasCredential: true });
    const shown = await call(getConnection(ports), { params: { name: 'office' } });
    expect(shown.body).toEqual(answer.body);
    expect((await call(listConnections(ports))).body).toEqual({ connections: [answer.body] });
    const stored = await ports.connections.get('office');
    expect(JSON.stringify(stored)).not.toContain('hunter2');
    expect(await ports.secrets.get(stored?.secretRef ?? '')).toBe('{"user":"me","password":"hunter2"}');
  });

  it('keep the credential on a change without one, but not for another user', async () => {
    await put({ target, user: 'me', credential: { password: 'hunter2' } });
    expect((await put({ target, user: 'me' })).body['hasCredential']).toBe(true);
    expect((await put({ target, user: 'you' })).body['hasCredential']).toBe(false);
  });

  it.each([
    ['an unknown machine', { target: { kind: 'machine', id: `m-${'1'.repeat(26)}` } }, 'MachineNotFound'],
    ['a credential without a user', { target, credential: { password: 'x' } }, 'InvalidBody'],
    ['an unknown property', { target, pasword: 'x' }, 'InvalidBody'],
  ])('are refused with %s', async (_what, body, code) => {
    expect((await put(body)).body['code']).toBe(code);
  });

  it('are refused under a name that cannot be one', async () => {
    expect((await put({ target }, 'My Office')).body['code']).toBe('InvalidBody');
    expect((await call(getConnection(ports), { params: { name: 'x' } })).body['code']).toBe(
      'ConnectionNotFound',
    );
  });
});

describe('machines', () => {
  const params = { machine: MACHINE };

  it('are shown with their presence', async () => {
    expect((await callDurable(getMachine(ports), new FakeOrchestrations(), { params })).body).toMatchObject({
      name: 'pc',
      status: 'offline',
      os: 'linux',
    });
    await ports.presence.seen({ machine: MACHINE, seq: 1, lastSeenMs: NOW, online: true, installation: 'i' });
    const { body } = await call(listMachines(ports));
    expect(body['machines']).toEqual([
      expect.objectContaining({ id: MACHINE, status: 'online', lastSeenAt: '2026-01-01T00:00:00.000Z' }),
    ]);
    expect(JSON.stringify(body)).not.toMatch(/publicKey|sealingKey/);
    expect(
      (await callDurable(getMachine(ports), new FakeOrchestrations(), { params: { machine: 'pc' } })).body[
        'code'
      ],
    ).toBe('MachineNotFound');
  });

  it('F4: show their queue, also one to which nothing has come', async () => {
    const client = new FakeOrchestrations();
    const empty = await callDurable(getMachineQueue(ports), client, { params });
    expect(empty.body).toMatchObject({ queue: MACHINE, running: [], waiting: [], machines: [] });
    const runs = ['01KEZF7C00000000000000000A-1', '01KEZF7C00000000000000000B-1'];
    let state: unknown;
    for (const [i, run] of runs.entries())
      state = operate(state, 'request', {
        now: NOW + i,
        entry: {
          run,
          owner: run,
          requestedMs: NOW + i,
          deadlineMs: NOW + 1_000_000,
          priority: 'normal',
          mode: 'unattended',
          userKey: 'u',
          flow: 'totals',
          runner: 'node',
          requestedBy: 'owner',
        },
      });
    client.entities.set(`run-queue/${MACHINE}`, state);
    const { body } = await callDurable(getMachineQueue(ports), client, { params });
    expect(body['waiting']).toEqual([
      expect.objectContaining({
        run: runs[0],
        position: 1,
        desktopFlow: 'totals',
        requestedAt: '2026-01-01T00:00:00.000Z',
      }),
      expect.objectContaining({
        run: runs[1],
        position: 2,
        reason: expect.objectContaining({ why: expect.any(String) }),
      }),
    ]);
  });

  /** The entity's state after one operation. */
  function operate(state: unknown, operationName: string, input: unknown): unknown {
    let next = state;
    const df = {
      entityName: 'run-queue',
      entityKey: MACHINE,
      operationName,
      getInput: () => input,
      getState: () => state,
      setState: (written: unknown) => (next = written),
      return: () => undefined,
      signalEntity: () => undefined,
    };
    runQueueEntity({ df, error: () => undefined } as unknown as Parameters<typeof runQueueEntity>[0]);
    return next;
  }
});

it('health needs nothing', async () => {
  expect((await call(getHealth(ports))).body).toEqual({ status: 'ok', time: '2026-01-01T00:00:00.000Z' });
});
