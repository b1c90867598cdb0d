import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { agentHeaders, requestText } from '../../contracts/agent-api';
import { startConsoleRun } from '../../functions/agent-api/console-runs.http';
import { putArtifact } from '../../functions/agent-api/put-artifact.http';
import { reportConsoleRun } from '../../functions/agent-api/report-console-run.http';
import { cancelRun } from '../../functions/runs/cancel-run.http';
import { getArtifact } from '../../functions/runs/get-artifact.http';
import { getRunLogs } from '../../functions/runs/get-run-logs.http';
import { getRun } from '../../functions/runs/get-run.http';
import { listArtifacts } from '../../functions/runs/list-artifacts.http';
import { listRuns } from '../../functions/runs/list-runs.http';
import { createInMemoryPorts, type InMemoryPorts } from '../support/in-memory-ports';
import { call, callDurable, FakeOrchestrations, type Answer } from './api';

const ULID = '01JD0000000000000000000000';
const RUN = `${ULID}-1`;
const START = Date.UTC(2026, 0, 1);
const iso = (ms: number): string => new Date(ms).toISOString();

const report = {
  desktopFlow: { name: 'invoices', version: '1.2.0' },
  user: 'ann',
  startedAt: iso(START),
  endedAt: iso(START + 90_000),
  outcome: 'Succeeded',
  outputs: { rows: 14 },
  usage: { cpuMs: 10, peakRssBytes: 20, wallMs: 90_000 },
  log: [{ at: iso(START + 1_000), stream: 'out', text: '14 rows' }],
};

/** A machine that signs. */
class Machine {
  private readonly key = generateKeyPairSync('ed25519');
  constructor(
    readonly id: string,
    private readonly now: () => number,
  ) {}

  register(ports: InMemoryPorts, epoch = 1): Promise<void> {
    return ports.machines.put({
      id: this.id,
      name: 'desk-1',
      epoch,
      publicKey: this.key.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      sealingKey: '',
      installation: 'one',
      registeredMs: START,
      revoked: false,
      report: {
        os: 'linux',
        osVersion: '6',
        agentVersion: '0.1.0',
        hostname: 'here',
        maxSessions: 1,
        rds: false,
        multipleSessionsPerUser: false,
        sessions: [],
        runners: ['node'],
      },
    });
  }

  headers(method: string, path: string, body: Uint8Array): Record<string, string> {
    const time = iso(this.now());
    const bodySha256 = createHash('sha256').update(body).digest('hex');
    const text = requestText({ method, path, machine: this.id, time, bodySha256 });
    return {
      [agentHeaders.machine]: this.id,
      [agentHeaders.time]: time,
      [agentHeaders.signature]: sign(null, Buffer.from(text), this.key.privateKey).toString('base64'),
    };
  }
}

describe('runs that machines report', () => {
  let now: number;
  let ports: InMemoryPorts;
  let client: FakeOrchestrations;
  let desk: Machine;
  let other: Machine;

  beforeEach(async () => {
    now = START + 3_600_000;
    ports = createInMemoryPorts({ now: () => now });
    client = new FakeOrchestrations();
    desk = new Machine(`m-${'0'.repeat(26)}`, () => now);
    other = new Machine(`m-${'1'.repeat(26)}`, () => now);
    await desk.register(ports);
    await other.register(ports);
  });

  function tell(body: unknown = report, { run = RUN, by = desk } = {}): Promise<Answer> {
    const bytes = Buffer.from(JSON.stringify(body));
    const path = `/api/agent/console-runs/${run}`;
    const headers = by.headers('PUT', path, bytes);
    return callDurable(reportConsoleRun(ports), client, {
      method: 'PUT',
      path,
      params: { run },
      headers,
      body: bytes,
    });
  }

  async function send(name: string, by = desk): Promise<Answer> {
    const body = Buffer.from('x');
    const path = `/api/agent/runs/${RUN}/artifacts/${name}`;
    const headers = by.headers('PUT', path, body);
    return call(putArtifact(ports), { method: 'PUT', path, params: { run: RUN, name }, headers, body });
  }

  const show = (run = RUN): Promise<Answer> => callDurable(getRun(ports), client, { params: { run } });
  const list = async (query: Record<string, string>): Promise<unknown[]> =>
    (await call(listRuns(ports), { query })).body['runs'] as unknown[];

  it('K1, A8: it is a run of the machine, with its trigger, times, outcome, outputs, log and files', async () => {
    const answer = await tell();
    expect([answer.status, answer.body]).toEqual([200, { run: RUN, state: 'Succeeded' }]);
    expect((await send('r.txt')).status).toBe(204);
    const summary = {
      run: RUN,
      kind: 'desktop',
      desktopFlow: 'invoices',
      status: 'Succeeded',
      requestedAt: iso(START),
      endedAt: iso(START + 90_000),
      machine: desk.id,
      trigger: 'Console (offline)',
      startedBy: 'ann on desk-1',
    };
    expect(await list({ machine: desk.id })).toEqual([expect.objectContaining(summary)]);
    expect(await list({ machine: desk.id, trigger: 'Console (offline)' })).toHaveLength(1);
    expect(await list({ machine: desk.id, trigger: 'Console' })).toEqual([]);
    expect((await show()).body).toMatchObject({
      ...summary,
      outputs: { rows: 14 },
      ranMs: 90_000,
      waitedMs: 0,
      usage: { wallMs: 90_000 },
      timeline: [
        { at: iso(START), what: 'started while the machine was cut off', actor: 'ann' },
        { at: iso(START + 90_000), what: 'Succeeded' },
        { at: iso(now), what: 'reported by the machine' },
      ],
    });
    const logs = await callDurable(getRunLogs(ports), client, { params: { run: RUN } });
    expect(logs.body).toMatchObject({ lines: report.log, complete: true });
    const left = await callDurable(listArtifacts(ports), client, { params: { run: RUN } });
    expect(left.body).toEqual({ artifacts: [{ run: RUN, name: 'r.txt', bytes: 1 }] });
    expect((await call(getArtifact(ports), { params: { run: RUN, name: 'r.txt' } })).bytes.toString()).toBe(
      'x',
    );
  });

  it('K1: told again it changes nothing, and nothing grants, starts or cancels it', async () => {
    await tell();
    now += 60_000;
    const again = await tell({ ...report, outcome: 'Failed', log: [] });
    expect([again.status, again.body]).toEqual([200, { run: RUN, state: 'Succeeded' }]);
    expect(await list({ machine: desk.id })).toHaveLength(1);
    expect((await show()).body).toMatchObject({ status: 'Succeeded', endedAt: iso(START + 90_000) });

    await ports.desktopFlows.put(
      { name: 'invoices', version: '1.2.0', runner: 'node', entry: 'm.js' },
      Buffer.from(''),
    );
    const body = Buffer.from(
      JSON.stringify({ request: ULID, desktopFlow: 'invoices', inputs: {}, user: 'ann' }),
    );
    const path = '/api/agent/console-runs';
    const headers = desk.headers('POST', path, body);
    await callDurable(startConsoleRun(ports), client, { method: 'POST', path, headers, body });
    const cancelled = await callDurable(cancelRun(ports), client, { params: { run: RUN }, body: {} });
    expect([cancelled.status, cancelled.body['code']]).toEqual([409, 'RunAlreadyEnded']);
    expect([client.started, client.raised]).toEqual([[], []]);
  });

  it('K1: one that was stopped is cancelled, one that failed says why', async () => {
    await tell({
      ...report,
      outcome: 'Stopped',
      error: { code: 'Cancelled', message: 'm', details: 'by ann at the machine' },
    });
    expect((await show()).body).toMatchObject({
      status: 'Cancelled',
      error: { details: 'by ann at the machine' },
    });
    const run = '01JD0000000000000000000001-1';
    await tell({ ...report, outcome: 'Failed', error: { code: 'DesktopFlowFailed', message: 'm' } }, { run });
    expect((await show(run)).body).toMatchObject({ status: 'Failed', error: { code: 'DesktopFlowFailed' } });
  });

  it('K1: a clock that was wrong makes no run of the future', async () => {
    await tell({ ...report, startedAt: iso(now + 1_000), endedAt: iso(now - 1_000 + 86_400_000) });
    expect((await show()).body).toMatchObject({ requestedAt: iso(now), endedAt: iso(now) });
  });

  it('K1: a machine registered anew still sends the files of what it has told before', async () => {
    await tell();
    await desk.register(ports, 2);
    expect((await send('r.txt')).status).toBe(403);
    await tell();
    expect((await send('r.txt')).status).toBe(204);
  });

  it.each([
    ['the run of another machine', async () => void (await tell()), { by: 'other' }, 403, 'Forbidden'],
    [
      'a run of the queue',
      () =>
        ports.runs.record({
          run: RUN,
          kind: 'desktop',
          name: 'x',
          state: 'Queued',
          requestedMs: START,
          machine: desk.id,
        }),
      {},
      403,
      'Forbidden',
    ],
    ['a run that goes on', () => void client.instances.set(RUN, {}), {}, 403, 'Forbidden'],
    ['a part of a cloud-flow run', () => void client.instances.set(ULID, {}), {}, 403, 'Forbidden'],
    ['an id that no console gives', () => undefined, { run: `${ULID}.2-1` }, 404, 'RunNotFound'],
    ['a body that is none', () => undefined, { body: { ...report, outcome: 'Lost' } }, 400, 'InvalidBody'],
  ])(
    'K1: refuses %s',
    async (_what, before, asked: { by?: string; run?: string; body?: unknown }, status, code) => {
      await before();
      const { run = RUN, body = report } = asked;
      const answer = await tell(body, { run, by: asked.by ? other : desk });
      expect([answer.status, answer.body['code']]).toEqual([status, code]);
    },
  );

  it('K1: a request that another has signed, or that is for another run, is refused', async () => {
    const bytes = Buffer.from(JSON.stringify(report));
    const path = `/api/agent/console-runs/${RUN}`;
    const headers = { ...other.headers('PUT', path, bytes), [agentHeaders.machine]: desk.id };
    const answer = await callDurable(reportConsoleRun(ports), client, {
      method: 'PUT',
      path,
      params: { run: RUN },
      headers,
      body: bytes,
    });
    expect(answer.status).toBe(401);
    expect(await ports.runs.get(RUN)).toBeUndefined();
  });
});
