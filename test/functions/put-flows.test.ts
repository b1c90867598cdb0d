import { listFlows } from '../../functions/flows/list-flows.http';
import { putFlows } from '../../functions/flows/put-flows.http';
import { createInMemoryPorts } from '../support/in-memory-ports';
import { call, type Answer } from './api';

const flow = (name: string, inputs: unknown = 1): object => ({
  name,
  triggers: { button: { type: 'Request' } },
  actions: { Say: { type: 'Compose', inputs } },
});
const ports = createInMemoryPorts({ now: () => 0 });
const put = (body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  call(putFlows(ports), { method: 'PUT', body, headers });
const names = async (): Promise<string[]> => (await ports.flows.list()).map(({ name }) => name);

test('of two sets at once that change the same flow, one is refused by name and writes nothing', async () => {
  const answers = await Promise.all([
    put({ flows: [flow('a', 1), flow('b')] }),
    put({ flows: [flow('a', 2), flow('c')] }),
  ]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
  const refused = answers.find(({ status }) => status === 409);
  expect(refused?.body).toMatchObject({ code: 'Conflict' });
  expect(await names()).toHaveLength(2);
});

test('the ETag of the list refuses a set that was planned before another change', async () => {
  const etag = (await call(listFlows(ports))).headers.get('etag') ?? '';
  expect(await put({ flows: [flow('a', 3)] }, { 'if-match': etag })).toMatchObject({ status: 200 });
  expect(await put({ flows: [flow('a', 4)] }, { 'if-match': etag })).toMatchObject({
    status: 409,
    body: { code: 'Conflict' },
  });
});

test('one wrong definition refuses the whole set, with every wrong place', async () => {
  const before = await names();
  const { body, status } = await put({
    flows: [flow('new'), flow('wrong', '@outputs(1, 2)'), { name: 'X' }, flow('new')],
  });
  expect(status).toBe(400);
  expect(body).toMatchObject({ code: 'InvalidDefinition' });
  const places = (body['errors'] as { path: string }[]).map(({ path }) => path);
  expect(places).toEqual(
    expect.arrayContaining([
      '/flows/1/actions/Say/inputs',
      '/flows/2/name',
      '/flows/2/actions',
      '/flows/3/name',
    ]),
  );
  expect(await names()).toEqual(before);
});
