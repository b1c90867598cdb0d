import { OrchestrationRuntimeStatus } from 'durable-functions';
import { errorInfo } from '../../contracts/errors';
import { cancelRun } from '../../functions/runs/cancel-run.http';
import { getArtifact } from '../../functions/runs/get-artifact.http';
import { getRunLogs } from '../../functions/runs/get-run-logs.http';
import { getRun } from '../../functions/runs/get-run.http';
import { listArtifacts } from '../../functions/runs/list-artifacts.http';
import { listRuns } from '../../functions/runs/list-runs.http';
import { createInMemoryPorts, type InMemoryPorts } from '../support/in-memory-ports';
import { call, callDurable, FakeOrchestrations } from './api';

const RUN = '01KEZF7C00000000000000000A';
const CHILD = `${RUN}-1`;
const { Completed, Failed } = OrchestrationRuntimeStatus;

describe('runs', () => {
  let ports: InMemoryPorts;
  let client: FakeOrchestrations;

  beforeEach(async () => {
    ports = createInMemoryPorts({ now: () => Date.UTC(2026, 0, 15) });
    client = new FakeOrchestrations();
    await ports.runs.record({ run: RUN, kind: 'cloud', name: 'f', state: 'Running', requestedMs: 1_000 });
    client.instances.set(RUN, {
      input: { run: RUN, flow: 'f', triggerBody: { csv: 'x' }, startedBy: 'owner', trigger: 'Button' },
      customStatus: { state: 'Running', actions: { check: { status: 'Running', run: CHILD } } },
    });
    client.instances.set(CHILD, {
      customStatus: { state: 'Running', machine: 'm-1', queue: 'm-1', timeline: [] },
    });
  });

  const get = (run: string) => callDurable(getRun(ports), client, { params: { run } });

  it('shows the end of a run only together with its outputs', async () => {
    const actions = { check: { status: 'Succeeded', run: CHILD } };
    client.instances.set(RUN, { customStatus: { state: 'Succeeded', actions } });
    expect((await get(RUN)).body).toMatchObject({ status: 'Running', actions });
    const output = { state: 'Succeeded', actions, outputs: { total: '1' } };
    client.instances.set(RUN, { runtimeStatus: Completed, output });
    expect((await get(RUN)).body).toMatchObject({ status: 'Succeeded', outputs: { total: '1' } });
  });

  it('A8: shows a run with its input, actions, children and what they are doing now', async () => {
    await ports.runLogs.progress(CHILD, { subflow: 'main', action: 'read', percent: 40, atMs: 2_000 });
    const answer = await get(RUN);
    expect(answer.body).toEqual({
      run: RUN,
      kind: 'cloud',
      flow: 'f',
      status: 'Running',
      requestedAt: '2026-01-15T00:00:00.000Z',
      startedBy: 'owner',
      trigger: 'Button',
      input: { csv: 'x' },
      actions: { check: { status: 'Running', run: CHILD } },
      timeline: [{ at: '2026-01-15T00:00:00.000Z', what: 'requested', actor: 'owner' }],
      children: [
        {
          run: CHILD,
          kind: 'desktop',
          parent: RUN,
          status: 'Running',
          machine: 'm-1',
          queue: 'm-1',
          progress: { at: '1970-01-01T00:00:02.000Z', subflow: 'main', action: 'read', percent: 40 },
          timeline: [],
        },
      ],
    });
    expect((await get(CHILD)).body).toMatchObject({ run: CHILD, kind: 'desktop', status: 'Running' });
  });

  it('A8: shows how it ended, with code and remedy', async () => {
    const error = errorInfo('SessionNotFound');
    const actions = { check: { status: 'Failed', run: CHILD, error } };
    client.instances.set(RUN, {
      output: { state: 'Failed', actions, error, outputs: { total: '1.00' } },
      runtimeStatus: Completed,
    });
    client.instances.delete(CHILD);
    await ports.runs.record({
      run: CHILD,
      kind: 'desktop',
      name: 'd',
      state: 'Failed',
      requestedMs: 1,
      endedMs: 2,
      error,
    });
    const { body } = await get(RUN);
    expect(body).toMatchObject({
      status: 'Failed',
      outputs: { total: '1.00' },
      error: { code: 'SessionNotFound', remedy: expect.stringContaining('resubmit') },
      endedAt: '2026-02-01T00:00:00.000Z',
      children: [{ run: CHILD, desktopFlow: 'd', status: 'Failed', error: { code: 'SessionNotFound' } }],
    });
  });

  it('is Failed when its orchestration broke', async () => {
    client.instances.set(RUN, { runtimeStatus: Failed, output: 'stack trace' });
    const { body } = await get(RUN);
    expect(body).toMatchObject({ status: 'Failed', error: { code: 'Internal' } });
    expect(JSON.stringify(body)).not.toContain('stack trace');
  });

  it('shows from the index what is left of a run whose history is gone', async () => {
    client.instances.clear();
    await ports.runs.record({ run: RUN, state: 'Succeeded', endedMs: 5_000 });
    expect((await get(RUN)).body).toMatchObject({ status: 'Succeeded', endedAt: '1970-01-01T00:00:05.000Z' });
  });

  it.each(['01KEZF7C00000000000000000B', `${RUN}-2`, 'x', '@run-queue@m-1'])(
    'knows no run %s',
    async (run) => {
      expect((await get(run)).body['code']).toBe('RunNotFound');
    },
  );

  describe('list', () => {
    it('gives the newest first, filtered', async () => {
      const run = '01KEZF7C00000000000000000B';
      const error = errorInfo('Cancelled');
      await ports.runs.record({ run, kind: 'cloud', name: 'g', state: 'Cancelled', requestedMs: 9, error });
      const { body } = await call(listRuns(ports));
      expect(body['runs']).toEqual([
        expect.objectContaining({
          run,
          flow: 'g',
          status: 'Cancelled',
          error: expect.objectContaining({ code: 'Cancelled' }),
        }),
        expect.objectContaining({ run: RUN, flow: 'f', status: 'Running' }),
      ]);
      const filtered = await call(listRuns(ports), { query: { status: 'Running', flow: 'f', top: '5' } });
      expect(filtered.body['runs']).toHaveLength(1);
    });

    it.each([
      [{ top: '101' }],
      [{ top: 'x' }],
      [{ status: 'running' }],
      [{ from: 'yesterday' }],
      [{ machine: 'x' }],
      [{ continuation: "' or 1 eq 1" }],
    ])('refuses %j', async (query: Record<string, string>) => {
      const answer = await call(listRuns(ports), { query });
      expect([answer.status, answer.body['code']]).toEqual([400, 'InvalidQuery']);
      expect(answer.body['errors']).toEqual([expect.objectContaining({ path: Object.keys(query)[0] })]);
    });
  });

  describe('cancel (A7)', () => {
    const cancel = (run: string, body: unknown = {}) =>
      callDurable(cancelRun(ports), client, { params: { run }, body });

    it.each([RUN, CHILD])('tells %s, with who and why', async (run) => {
      const answer = await cancel(run, { reason: 'wrong file' });
      expect([answer.status, answer.headers.get('location')]).toEqual([202, `/api/runs/${run}`]);
      expect(client.raised).toEqual([
        { id: run, event: 'inbox', data: { kind: 'cancel', mode: 'ask', by: 'owner', reason: 'wrong file' } },
      ]);
    });

    it('refuses for a run that has ended or is unknown', async () => {
      client.instances.set(RUN, { output: { state: 'Succeeded', actions: {} }, runtimeStatus: Completed });
      const ended = await cancel(RUN);
      expect([ended.status, ended.body['code']]).toEqual([409, 'RunAlreadyEnded']);
      expect((await cancel('01KEZF7C00000000000000000Z')).status).toBe(404);
      expect(client.raised).toEqual([]);
    });
  });

  it('logs: from a number on, complete at the end', async () => {
    const line = (text: string) => ({ at: '2026-01-01T00:00:00.000Z', stream: 'out' as const, text });
    await ports.runLogs.append(CHILD, 0, [line('a'), line('b'), line('c')]);
    const read = (query: Record<string, string>, run = CHILD) =>
      callDurable(getRunLogs(ports), client, { params: { run }, query });
    expect((await read({ after: '1', top: '1' })).body).toEqual({
      lines: [line('b')],
      next: 2,
      complete: false,
    });
    expect((await read({ after: '3' })).body).toEqual({ lines: [], next: 3, complete: false });
    client.instances.set(CHILD, { output: { state: 'Succeeded' }, runtimeStatus: Completed });
    expect((await read({ after: '2' })).body).toEqual({ lines: [line('c')], next: 3, complete: true });
    expect((await read({}, RUN)).body['code']).toBe('RunNotFound');
    expect((await read({ after: '-1' })).body['code']).toBe('InvalidQuery');
  });

  it('artifacts: listed for the whole run, given as a download', async () => {
    await ports.blobs.put(`runs/${CHILD}/artifacts/Größe.csv`, Buffer.from('x'));
    const list = await callDurable(listArtifacts(ports), client, { params: { run: RUN } });
    expect(list.body).toEqual({ artifacts: [{ run: CHILD, name: 'Größe.csv', bytes: 1 }] });
    const file = await call(getArtifact(ports), { params: { run: CHILD, name: 'Größe.csv' } });
    expect(file.bytes.toString()).toBe('x');
    expect(file.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv");
    const none = await call(getArtifact(ports), { params: { run: CHILD, name: '../../../flows/x.json' } });
    expect(none.body['code']).toBe('FileNotFound');
  });
});
