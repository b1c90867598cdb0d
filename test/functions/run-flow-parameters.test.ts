import type { Ports } from '../../adapters/ports';
import type { CloudFlowRunInput } from '../../domain/runs/run-inputs';
import { runFlow } from '../../functions/flows/run-flow.http';
import { startData } from '../../functions/flows/start-flow-run';
import { createInMemoryPorts } from '../support/in-memory-ports';
import { callDurable, FakeOrchestrations } from './api';

describe('POST flows/{flow}/run?parameters=', () => {
  let client: FakeOrchestrations;
  let ports: Ports;
  let post: (
    parameters: unknown,
    headers?: Record<string, string>,
  ) => Promise<Awaited<ReturnType<typeof callDurable>>>;

  beforeEach(async () => {
    ports = createInMemoryPorts({ now: () => Date.UTC(2026, 0, 1), settings: {} });
    client = new FakeOrchestrations();
    await ports.flows.put({
      name: 'report',
      triggers: { button: { type: 'Request', kind: 'Button' } },
      parameters: {
        limit: { type: 'int' },
        region: { type: 'string', defaultValue: 'eu', allowedValues: ['eu', 'us'] },
        password: { type: 'securestring', defaultValue: 'known' },
      },
      actions: { say: { type: 'Compose', inputs: 1 } },
    });
    const handler = runFlow(ports);
    post = (parameters, headers = {}) =>
      callDurable(handler, client, {
        params: { flow: 'report' },
        query: {
          parameters: typeof parameters === 'string' ? parameters : JSON.stringify(parameters),
        },
        headers,
        body: {},
      });
  });

  it('A5: hands the values to the run', async () => {
    expect((await post({ limit: 5, region: 'us' })).status).toBe(202);
    // Sealed, since the flow has a secure parameter.
    const input = client.started[0]?.input as Partial<CloudFlowRunInput>;
    expect(input).not.toHaveProperty('parameters');
    expect(startData(ports, input)).toEqual({ triggerBody: {}, parameters: { limit: 5, region: 'us' } });
  });

  it.each([
    [{}, 'parameters.limit', 'has no default, so a value has to be given'],
    [{ limit: 'x' }, 'parameters.limit', 'is no int'],
    [{ limit: 1, region: 'mars' }, 'parameters.region', 'must be one of ["eu","us"]'],
    [{ limit: 1, other: 1 }, 'parameters.other', 'is not a parameter of the flow'],
    [
      { limit: 1, password: 'x' },
      'parameters.password',
      'is secure, and addresses are logged: give it a default instead',
    ],
    ['{', 'parameters', 'is not a JSON object'],
    ['[1]', 'parameters', 'is not a JSON object'],
  ])('refuses %j and starts nothing', async (given, path, message) => {
    const answer = await post(given);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'InvalidParameters', errors: [{ path, message }] });
    expect(client.started).toEqual([]);
  });

  it('L1: one Idempotency-Key stands for one set of values', async () => {
    const key = { 'idempotency-key': 'k' };
    const first = await post({ limit: 5 }, key);
    expect((await post({ limit: 5 }, key)).body['run']).toBe(first.body['run']);
    expect((await post({ limit: 6 }, key)).body['code']).toBe('IdempotencyKeyReused');
    expect(client.started).toHaveLength(1);
  });
});
