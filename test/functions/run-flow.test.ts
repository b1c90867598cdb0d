import { orchestrations } from '../../orchestrators/names';
import { runFlow } from '../../functions/flows/run-flow.http';
import { uploadFile } from '../../functions/files/upload-file.http';
import { createInMemoryPorts, type InMemoryPorts } from '../support/in-memory-ports';
import { call, callDurable, FakeOrchestrations, type Call } from './api';

const schema = {
  type: 'object',
  properties: {
    csv: { type: 'string', format: 'file' },
    month: { type: 'integer', minimum: 1 },
    connection: { type: 'string', default: 'this-computer' },
  },
  required: ['csv'],
  additionalProperties: false,
};

describe('POST flows/{flow}/run', () => {
  let now: number;
  let ports: InMemoryPorts;
  let client: FakeOrchestrations;
  let csv: string;
  let post: (request: Call) => ReturnType<typeof callDurable>;

  beforeEach(async () => {
    now = Date.UTC(2026, 0, 1);
    ports = createInMemoryPorts({ now: () => now, settings: { ATTENDANT_MAX_BODY_BYTES: '1000' } });
    client = new FakeOrchestrations();
    await ports.flows.put({
      name: 'invoices',
      triggers: { button: { type: 'Request', kind: 'Button', inputs: { schema } } },
      actions: { say: { type: 'Compose', inputs: 1 } },
    });
    csv = String((await call(uploadFile(ports), { body: 'a,b' })).body['id']);
    const handler = runFlow(ports);
    post = (request) => callDurable(handler, client, { params: { flow: 'invoices' }, ...request });
  });

  it('A1: starts the run under its id and says where to look', async () => {
    const answer = await post({ body: { csv } });
    const run = String(answer.body['run']);
    expect(answer.status).toBe(202);
    expect(run).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(answer.headers.get('location')).toBe(`/api/runs/${run}`);
    expect(answer.body).toEqual({
      run,
      status: 'Running',
      links: { self: `/api/runs/${run}`, cancel: `/api/runs/${run}/cancel` },
    });
    const { hash } = (await ports.flows.get('invoices')) ?? { hash: '' };
    const input = { run, flow: 'invoices', definition: hash, startedBy: 'owner', trigger: 'Button' };
    expect(client.started).toEqual([
      {
        name: orchestrations.cloudFlowRun,
        id: run,
        input: { ...input, triggerBody: { csv, connection: 'this-computer' } },
      },
    ]);
  });

  it.each([
    ['an unknown flow', { params: { flow: 'none' }, body: {} }, 404, 'FlowNotFound'],
    ['malformed JSON', { body: '{"csv":' }, 400, 'MalformedJson'],
    ['bytes that are not UTF-8', { body: new Uint8Array([0x22, 0xff, 0x22]) }, 400, 'MalformedJson'],
    ['a body over the limit', { body: JSON.stringify('x'.repeat(1_000)) }, 413, 'BodyTooLarge'],
    ['no input where one is needed', { method: 'POST' }, 400, 'InvalidInput'],
  ])('A1: refuses %s with a problem and starts nothing', async (_what, request, status, code) => {
    const answer = await post(request);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      type: `urn:attendant:error:${code}`,
      status,
      code,
      traceId: 'invocation-1',
    });
    expect(answer.body['remedy']).toEqual(expect.any(String));
    expect(client.started).toEqual([]);
  });

  it('A1: names every input that is wrong', async () => {
    const answer = await post({ body: { csv: 'x.csv', month: 0, extra: true } });
    expect(answer.body['code']).toBe('InvalidInput');
    expect(answer.body['errors']).toEqual(
      expect.arrayContaining([
        { path: 'csv', message: 'is not the id of an uploaded file' },
        { path: 'month', message: 'must be >= 1' },
        { path: 'extra', message: 'is not an input of this flow' },
      ]),
    );
    const missing = await post({ body: { csv: 'f'.repeat(64) } });
    expect(missing.body['errors']).toEqual([
      { path: 'csv', message: 'names a file that was not uploaded (POST /api/files)' },
    ]);
  });

  describe('A1, L1: with an Idempotency-Key', () => {
    const headers = { 'idempotency-key': 'order 17' };

    it('answers a repeat alike and starts one run, also when it has ended and the properties stand in another order', async () => {
      const first = await post({ headers, body: { csv, month: 2 } });
      now += 20 * 86_400_000;
      const again = await post({ headers, body: `{"month":2,"csv":"${csv}"}` });
      expect(again.body).toEqual(first.body);
      expect(again.status).toBe(202);
      expect(client.started).toHaveLength(1);
    });

    it('starts one run for many at once', async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => post({ headers, body: { csv } })));
      expect(new Set(answers.map(({ body }) => body['run'])).size).toBe(1);
      expect(client.started).toHaveLength(1);
    });

    it('answers a repeat alike also when the flow has changed meanwhile and would refuse the input', async () => {
      const first = await post({ headers, body: { csv } });
      await ports.flows.put({
        name: 'invoices',
        triggers: { b: { type: 'Request', kind: 'Http', inputs: { schema: { required: ['year'] } } } },
        actions: { say: { type: 'Compose', inputs: 1 } },
      });
      expect((await post({ headers, body: { csv } })).body).toEqual(first.body);
      expect((await post({ headers: { 'idempotency-key': 'new' }, body: { csv } })).body['code']).toBe(
        'InvalidInput',
      );
      expect((await post({ headers: { 'idempotency-key': 'x'.repeat(257) }, body: {} })).status).toBe(400);
      expect(client.started).toHaveLength(1);
    });

    it('starts nothing anew when the history of the run is gone', async () => {
      const run = String((await post({ headers, body: { csv } })).body['run']);
      await ports.runs.record({ run, kind: 'cloud', name: 'invoices', state: 'Succeeded', requestedMs: now });
      client.instances.clear();
      now += 86_400_000;
      expect((await post({ headers, body: { csv } })).body['run']).toBe(run);
      expect(client.started).toHaveLength(1);
    });

    it('refuses the key with another body', async () => {
      await post({ headers, body: { csv } });
      const answer = await post({ headers, body: { csv, month: 3 } });
      expect(answer.status).toBe(409);
      expect(answer.body['code']).toBe('IdempotencyKeyReused');
    });

    it('starts, a minute later and once, what a crash between claim and start left behind', async () => {
      client.onStart = () => {
        throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
      };
      expect((await post({ headers, body: { csv } })).status).toBe(503);
      client.onStart = () => undefined;
      now += 1_000;
      const early = await post({ headers, body: { csv } });
      expect(early.status).toBe(503);
      expect(early.body['code']).toBe('Unavailable');
      expect(early.headers.get('retry-after')).toBe('59');
      now += 59_000;
      const answers = await Promise.all(Array.from({ length: 3 }, () => post({ headers, body: { csv } })));
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
      expect(client.started).toHaveLength(1);
      expect(client.started[0]?.id).toBe(answers[0]?.body['run']);
    });
  });
});
