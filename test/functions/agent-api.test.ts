import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { agentHeaders, requestText } from '../../contracts/agent-api';
import { getFile } from '../../functions/agent-api/get-file.http';
import { getPackage } from '../../functions/agent-api/get-package.http';
import { leaseAgent } from '../../functions/agent-api/lease-agent.http';
import { putArtifact } from '../../functions/agent-api/put-artifact.http';
import { registerAgent } from '../../functions/agent-api/register-agent.http';
import { uploadFile } from '../../functions/files/upload-file.http';
import { issueRegistrationToken } from '../../functions/machines/issue-registration-token.http';
import { createInMemoryPorts, type InMemoryPorts } from '../support/in-memory-ports';
import { call, callDurable, FakeOrchestrations, type Answer, type Call } from './api';

const report = {
  os: 'linux',
  osVersion: '6',
  agentVersion: '0.1.0',
  hostname: 'here',
  maxSessions: 1,
  rds: false,
  multipleSessionsPerUser: false,
  sessions: [],
  runners: ['node'],
};

function keyPair(type: 'ed25519' | 'x25519') {
  const pair = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  return { publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), pair };
}

describe('agent endpoints', () => {
  const signing = keyPair('ed25519');
  const sealing = keyPair('x25519');
  let now: number;
  let ports: InMemoryPorts;
  let client: FakeOrchestrations;
  let token: string;

  const registration = (more: object = {}) => ({
    token,
    name: 'this-computer',
    publicKey: signing.publicKey,
    sealingKey: sealing.publicKey,
    installation: 'one',
    report,
    ...more,
  });
  const register = (body: unknown): Promise<Answer> => callDurable(registerAgent(ports), client, { body });

  beforeEach(async () => {
    now = Date.UTC(2026, 0, 1);
    ports = createInMemoryPorts({ now: () => now });
    client = new FakeOrchestrations();
    const issued = await call(issueRegistrationToken(ports), { body: {} });
    token = String(issued.body['token']);
  });

  /** A request as the agent signs it. */
  function signed(machine: string, request: Call & { time?: string; tamper?: Partial<Call> }): Call {
    const { method = 'GET', path = '/api/x', body } = request;
    const bytes =
      body instanceof Uint8Array ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body));
    const time = request.time ?? new Date(now).toISOString();
    const bodySha256 = createHash('sha256').update(bytes).digest('hex');
    const text = requestText({ method, path, machine, time, bodySha256 });
    const signature = sign(null, Buffer.from(text), signing.pair.privateKey).toString('base64');
    const headers = {
      [agentHeaders.machine]: machine,
      [agentHeaders.time]: time,
      [agentHeaders.signature]: signature,
    };
    return { ...request, method, path, headers, ...request.tamper };
  }

  it('tokens are good for an hour, or for as long as asked', async () => {
    const issued = await call(issueRegistrationToken(ports), { body: {} });
    expect([issued.status, issued.body['expiresAt']]).toEqual([201, '2026-01-01T01:00:00.000Z']);
    const short = await call(issueRegistrationToken(ports), { body: { expiresInMinutes: 1 } });
    expect(short.body['expiresAt']).toBe('2026-01-01T00:01:00.000Z');
  });

  describe('register', () => {
    it('makes the machine and puts it into its queue; the same token and key are answered alike', async () => {
      const first = await register(registration());
      expect(first.status).toBe(201);
      expect(first.body).toEqual({ machine: expect.stringMatching(/^m-[0-9a-hjkmnp-tv-z]{26}$/), epoch: 1 });
      expect((await register(registration())).body).toEqual(first.body);
      const machine = String(first.body['machine']);
      expect(await ports.machines.get(machine)).toMatchObject({
        name: 'this-computer',
        epoch: 1,
        revoked: false,
      });
      expect(client.started[0]).toMatchObject({
        name: 'queue-command',
        input: {
          queue: machine,
          order: { kind: 'attach', move: 1, joining: { machine, epoch: 1, online: false } },
        },
      });
    });

    it('a token that names a machine registers it anew: next epoch, same place, the former key is out', async () => {
      const machine = String((await register(registration())).body['machine']);
      await ports.machines.change(machine, { queue: 'g-1', move: 3 });
      const tokens = await Promise.all(
        [1, 2].map(() => call(issueRegistrationToken(ports), { body: { machine } })),
      );
      const [first, second] = tokens.map(({ body }) => body['token']);
      const renewal = { token: first, publicKey: keyPair('ed25519').publicKey, installation: 'two' };
      const answer = await register(registration(renewal));
      expect([answer.status, answer.body]).toEqual([201, { machine, epoch: 2 }]);
      expect((await register(registration(renewal))).body).toEqual(answer.body);
      expect(await ports.machines.get(machine)).toMatchObject({
        epoch: 2,
        publicKey: renewal.publicKey,
        installation: 'two',
        queue: 'g-1',
      });
      expect(client.started.at(-1)).toMatchObject({
        input: { queue: 'g-1', order: { kind: 'attach', move: 3, joining: { machine, epoch: 2 } } },
      });
      // The other token was made for the registration that has just been replaced.
      const late = await register(registration({ token: second, publicKey: keyPair('ed25519').publicKey }));
      expect([late.status, late.body['code']]).toEqual([401, 'RegistrationTokenInvalid']);
    });

    it('a token for a machine that is not there is refused', async () => {
      const answer = await call(issueRegistrationToken(ports), { body: { machine: `m-${'0'.repeat(26)}` } });
      expect([answer.status, answer.body['code']]).toEqual([404, 'MachineNotFound']);
    });

    it.each([
      [
        'a token that was spent with another key',
        { publicKey: keyPair('ed25519').publicKey },
        401,
        'RegistrationTokenInvalid',
      ],
      ['an unknown token', { token: 'made up' }, 401, 'RegistrationTokenInvalid'],
      ['an unknown operating system (C6)', { report: { ...report, os: 'windows7' } }, 400, 'UnsupportedOs'],
      ['a key that is none', { publicKey: 'AAAA' }, 400, 'InvalidBody'],
      ['a key of another kind', { sealingKey: signing.publicKey }, 400, 'InvalidBody'],
    ])('refuses %s', async (_what, more, status, code) => {
      await register(registration());
      const answer = await register(registration(more));
      expect([answer.status, answer.body['code']]).toEqual([status, code]);
    });
  });

  describe('signed requests', () => {
    let machine: string;
    const lease = (request: Parameters<typeof signed>[1] = {}): Promise<Answer> =>
      call(
        leaseAgent(ports),
        signed(machine, {
          method: 'POST',
          path: '/api/agent/lease',
          body: { installation: 'one' },
          ...request,
        }),
      );

    beforeEach(async () => {
      machine = String((await register(registration())).body['machine']);
    });

    it('lease: access for an hour, with our time and settings', async () => {
      const answer = await lease();
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        commands: { queue: machine },
        events: { queue: 'agent-events' },
        expiresAt: '2026-01-01T01:00:00.000Z',
        serverTime: '2026-01-01T00:00:00.000Z',
        settings: { heartbeatMs: 30_000, goWindowMs: 600_000 },
      });
    });

    it.each([
      ['another body', { tamper: { body: { installation: 'two' } } }],
      ['another path', { tamper: { path: '/api/agent/other' } }],
      ['no signature', { tamper: { headers: {} } }],
      ['a time six minutes ago', { time: '2025-12-31T23:54:00.000Z' }],
      ['a time six minutes ahead', { time: '2026-01-01T00:06:00.000Z' }],
      ['a time that is none', { time: 'now' }],
    ])('are refused with %s, and told our time', async (_what, request) => {
      const answer = await lease(request);
      expect([answer.status, answer.body['code']]).toEqual([401, 'Unauthorized']);
      expect(answer.headers.get('date')).toBe('Thu, 01 Jan 2026 00:00:00 GMT');
    });

    it('are refused from an unknown machine and from a revoked one', async () => {
      const unknown = await call(
        leaseAgent(ports),
        signed(`m-${'0'.repeat(26)}`, { method: 'POST', body: {} }),
      );
      expect(unknown.status).toBe(401);
      const row = await ports.machines.get(machine);
      if (row) await ports.machines.put({ ...row, revoked: true });
      expect((await lease()).body['code']).toBe('MachineRevoked');
    });

    it('a second agent with the same identity is refused until the first was not seen for two minutes', async () => {
      const second = { body: { installation: 'two' } };
      await lease();
      expect((await lease(second)).body['code']).toBe('AgentAlreadyRunning');
      now += 90_000;
      await ports.presence.seen({ machine, seq: 1, lastSeenMs: now, online: true, installation: 'one' });
      now += 60_000;
      expect((await lease(second)).status).toBe(409);
      expect((await lease()).status).toBe(200);
      now += 121_000;
      expect((await lease(second)).status).toBe(200);
      expect((await lease()).body['code']).toBe('AgentAlreadyRunning');
    });

    it('packages and files by their hash', async () => {
      const id = String((await call(uploadFile(ports), { body: 'a;b' })).body['id']);
      const file = { path: `/api/agent/files/${id}`, params: { id } };
      expect((await call(getFile(ports), signed(machine, file))).bytes.toString()).toBe('a;b');
      expect((await call(getFile(ports), { ...file })).status).toBe(401);
      const hash = 'a'.repeat(64);
      await ports.blobs.put(`packages/${hash}.zip`, Buffer.from('zip'));
      const zip = await call(getPackage(ports), signed(machine, { params: { hash } }));
      expect(zip.headers.get('content-type')).toBe('application/zip');
      expect(zip.bytes.toString()).toBe('zip');
      const other = await call(getPackage(ports), signed(machine, { params: { hash: '../keys' } }));
      expect(other.body['code']).toBe('FileNotFound');
    });

    it('artifacts only from the machine that was given the run', async () => {
      const run = '01KEZF7C00000000000000000A-1';
      const put = (params: Record<string, string>): Promise<Answer> =>
        call(putArtifact(ports), signed(machine, { method: 'PUT', params, body: Buffer.from('clean') }));
      expect((await put({ run, name: 'clean.csv' })).body['code']).toBe('RunNotFound');
      const row = { run, kind: 'desktop' as const, name: 'invoices', state: 'Running', requestedMs: now };
      await ports.runs.record({ ...row, machine: `m-${'1'.repeat(26)}`, epoch: 1 });
      expect((await put({ run, name: 'clean.csv' })).body['code']).toBe('Forbidden');
      await ports.runs.record({ ...row, machine, epoch: 1 });
      expect((await put({ run, name: 'clean.csv' })).status).toBe(204);
      expect((await put({ run, name: '../x' })).body['code']).toBe('FileNotFound');
      expect(await ports.blobs.get(`runs/${run}/artifacts/clean.csv`)).toEqual(Buffer.from('clean'));
    });
  });
});
