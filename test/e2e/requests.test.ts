import { Product } from './support/product';

let product: Product;
let file: string;
beforeAll(async () => {
  product = await Product.start();
  file = String((await product.ok('POST', '/api/files', new TextEncoder().encode('x')))['id']);
});
afterAll(() => product?.stop());

const RUN = '/api/flows/process-invoices/run';

/** What is wrong must be said as problem+json with a stable code and how to mend it. */
async function expectProblem(
  status: number,
  code: string,
  [method, path, body, headers]: [string, string, unknown?, Record<string, string | undefined>?],
): Promise<Record<string, unknown>> {
  const answer = await product.call(method, path, body, headers);
  expect({ status: answer.status, code: answer.json?.['code'], text: answer.text }).toMatchObject({
    status,
    code,
  });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.json).toMatchObject({ status, remedy: expect.stringMatching(/\w/) });
  return answer.json ?? {};
}

async function runCount(): Promise<number> {
  return ((await product.ok('GET', '/api/runs'))['runs'] as unknown[]).length;
}

test.each<[string, number, string, [string, string, unknown?, Record<string, string>?], object?]>([
  ['an unknown flow', 404, 'FlowNotFound', ['POST', '/api/flows/nothing/run', {}]],
  ['an unknown run', 404, 'RunNotFound', ['GET', '/api/runs/01JD0000000000000000000000']],
  ['no run id at all', 404, 'RunNotFound', ['GET', '/api/runs/%2e%2e%2fsecrets']],
  ['the log of an unknown run', 404, 'RunNotFound', ['GET', '/api/runs/01JD0000000000000000000000-1/logs']],
  [
    'cancelling an unknown run',
    404,
    'RunNotFound',
    ['POST', '/api/runs/01JD0000000000000000000000/cancel', {}],
  ],
  ['malformed JSON', 400, 'MalformedJson', ['POST', RUN, '{"csv": ']],
  ['JSON that is not UTF-8', 400, 'MalformedJson', ['POST', RUN, new Uint8Array([0x22, 0xff, 0x22])]],
  [
    'a missing input',
    400,
    'InvalidInput',
    ['POST', RUN, {}],
    { errors: [{ path: 'csv', message: 'is required' }] },
  ],
  ['an input of the wrong type', 400, 'InvalidInput', ['POST', RUN, { csv: 7 }]],
  ['a file that was never uploaded', 400, 'InvalidInput', ['POST', RUN, { csv: 'a'.repeat(64) }]],
  ['a body over the limit', 413, 'BodyTooLarge', ['POST', RUN, { csv: 'x'.repeat(200_000) }]],
  ['a definition that is none', 400, 'InvalidDefinition', ['PUT', '/api/flows/broken', { name: 'broken' }]],
  ['a package that is no zip', 400, 'InvalidPackage', ['PUT', '/api/desktop-flows/broken', 'not a zip']],
  ['a list of nonsense', 400, 'InvalidQuery', ['GET', '/api/runs?top=-1']],
  ['an unknown machine', 404, 'MachineNotFound', ['GET', '/api/machines/m-01jd0000000000000000000000/queue']],
])('%s: %i %s', async (_what, status, code, request, more = {}) => {
  const before = await runCount();
  expect(await expectProblem(status, code, request)).toMatchObject(more);
  expect(await runCount()).toBe(before);
});

test.each([
  ['no key', undefined],
  ['a wrong key', 'wrong'],
])('%s: 401, and nothing happens', async (_what, key) => {
  const before = await runCount();
  const answer = await product.call('POST', RUN, { csv: file }, { 'x-functions-key': key });
  expect(answer.status).toBe(401);
  expect(await runCount()).toBe(before);
});

describe('A1, L1: the idempotency key', () => {
  const send = (body: unknown, key: string) => product.call('POST', RUN, body, { 'idempotency-key': key });

  test('sent again, also at the same moment and after the end, is the same run', async () => {
    const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => send({ csv: file }, 'one')));
    expect(first).toMatchObject({ status: 202 });
    const run = String(first?.json?.['run']);
    expect(first?.headers.get('location')).toBe(`/api/runs/${run}`);
    for (const other of others) expect(other).toMatchObject({ status: 202, json: { run } });
    await product.ended(run);
    expect(await send({ csv: file }, 'one')).toMatchObject({ status: 202, json: { run } });
  });

  test('with another body is refused', async () => {
    const first = await send({ csv: file }, 'two');
    expect(first.status).toBe(202);
    await expectProblem(409, 'IdempotencyKeyReused', [
      'POST',
      RUN,
      { csv: file, priority: 'high' },
      { 'idempotency-key': 'two' },
    ]);
    await product.ended(String(first.json?.['run']));
  });
});

test('a run that has ended cannot be cancelled', async () => {
  const run = await product.startRun('process-invoices', { csv: file });
  await product.ended(run);
  await expectProblem(409, 'RunAlreadyEnded', ['POST', `/api/runs/${run}/cancel`, {}]);
});

test('afterwards nothing is left or stuck', async () => {
  await product.queueEmpty();
});
