import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Product } from './support/product';

/*
 * docs/adr/0007: what a flow secures lies nowhere in plain text once its run has ended. Every file that the product has written is searched: the
 * store (histories, entities, tables, messages, and pages that SQLite has freed), its write-ahead log, blobs, logs, the agent's folder.
 */
const SECRET = {
  trigger: 'planted-in-the-trigger-81f0',
  parameter: 'planted-in-a-parameter-92ab',
  answer: 'planted-in-the-answer-c3d4',
  result: 'planted-in-the-trigger-81f0'.split('').reverse().join(''),
  wrong: 'planted-in-a-failure-77aa',
};

/** Reverses what it is given: its output is a secret that stands in no definition. */
const SCRIPT = `
const attendant = require('attendant');
attendant.output('token', attendant.inputs.token.split('').reverse().join(''));
`;

const outputsToo = { secureData: { properties: ['inputs', 'outputs'] } };
const after = (name: string, status = 'Succeeded'): Record<string, string[]> => ({ [name]: [status] });
const padding = Array.from(
  { length: 400 },
  (_value, index) => `@concat(triggerBody()?['token'],'-${index}')`,
);
const manySteps = Object.fromEntries(
  Array.from({ length: 12 }, (_value, index) => [
    `Step${index}`,
    { type: 'Compose', inputs: "@variables('kept')" },
  ]),
);

/** More than one history holds, so parts of the run tell each other of what has ended. */
const wide = Object.fromEntries(
  Array.from({ length: 24 }, (_value, index) => [
    `Wide${index}`,
    { type: 'Compose', inputs: `@concat(outputs('Again').token,'-${index}')`, runAfter: after('Again') },
  ]),
);

function definition(url: string): Record<string, unknown> {
  return {
    name: 'secured',
    triggers: {
      manual: {
        type: 'Request',
        kind: 'Http',
        runtimeConfiguration: { secureData: { properties: ['inputs'] } },
      },
    },
    parameters: { key: { type: 'securestring', defaultValue: SECRET.parameter } },
    actions: {
      Keep: {
        type: 'InitializeVariable',
        inputs: { variables: [{ name: 'kept', type: 'string', value: "@{triggerBody()?['token']}-kept" }] },
      },
      Compose: {
        type: 'Compose',
        inputs: { header: "Bearer @{parameters('key')}", length: "@length(triggerBody()?['token'])" },
        runAfter: after('Keep'),
      },
      Long: { type: 'Compose', inputs: padding, runAfter: after('Compose') },
      Loop: {
        type: 'Foreach',
        foreach: "@outputs('Long')",
        actions: { Add: { type: 'AppendToStringVariable', inputs: { name: 'kept', value: '.' } } },
        runAfter: after('Long'),
      },
      Many: { type: 'Scope', actions: manySteps, runAfter: after('Loop') },
      Choose: {
        type: 'If',
        expression: { contains: ["@triggerBody()?['token']", 'planted'] },
        actions: {
          Wrong: { type: 'Compose', inputs: "@int(triggerBody()?['wrong'])" },
        },
        runAfter: after('Many'),
      },
      Ask: {
        type: 'Http',
        inputs: {
          method: 'POST',
          uri: url,
          headers: { authorization: "@outputs('Compose').header" },
          body: { token: "@triggerBody()?['token']" },
          retryPolicy: { type: 'none' },
        },
        runtimeConfiguration: outputsToo,
        runAfter: after('Choose', 'Failed'),
      },
      Work: {
        type: 'DesktopFlow',
        inputs: {
          desktopFlow: 'reverse',
          connection: 'this-computer',
          mode: 'attended',
          inputs: { token: "@triggerBody()?['token']" },
        },
        runtimeConfiguration: outputsToo,
        runAfter: after('Ask'),
      },
      Answer: {
        type: 'Response',
        inputs: { body: { got: "@outputs('Work')?['token']", said: "@body('Ask').secret" } },
        runAfter: after('Work'),
      },
      Plain: { type: 'Compose', inputs: "@length(variables('kept'))", runAfter: after('Answer') },
      Again: {
        type: 'DesktopFlow',
        inputs: {
          desktopFlow: 'reverse',
          connection: 'this-computer',
          mode: 'attended',
          inputs: { token: "@variables('kept')" },
          retryPolicy: { type: 'fixed', count: 1, interval: 'PT1M' },
        },
        runtimeConfiguration: outputsToo,
        runAfter: after('Keep'),
      },
      ...wide,
    },
    outputs: { token: "@outputs('Work')?['token']", plain: 'seen by everybody' },
  };
}

let product: Product;
let server: Server;
const asked: { authorization: string | undefined; body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      asked.push({ authorization: request.headers.authorization, body });
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ secret: SECRET.answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  product = await Product.start({ env: { ATTENDANT_ALLOWED_NETWORKS: '127.0.0.0/8' } });
});
afterAll(async () => {
  await product?.stop();
  await new Promise((resolve) => server.close(resolve));
});

/** The files below `folder` that hold one of the texts. */
function holding(folder: string, texts: Record<string, string>): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    if (!entry.isFile()) return [];
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path);
    const found = Object.entries(texts).filter(([, text]) => content.includes(text));
    return found.map(([name]) => `${path}: ${name}`);
  });
}

test('A8: a secured value passes through a whole run and is found in no file afterwards', async () => {
  const { port } = server.address() as AddressInfo;
  await product.publish('reverse', SCRIPT);
  await product.ok('PUT', '/api/flows/secured', definition(`http://127.0.0.1:${port}/`));
  const given = { token: SECRET.trigger, wrong: SECRET.wrong };
  const key = { 'idempotency-key': 'once' };
  const answer = await product.call('POST', '/api/flows/secured/run', given, key);
  expect(answer.status).toBe(202);
  const run = String(answer.json?.['run']);
  const view = await product.ended(run, 60_000);

  // It was used: by the service that was asked, and by the desktop flow whose output the run has answered with.
  expect(view).toMatchObject({ status: 'Succeeded', inputMasked: true });
  expect(asked).toEqual([
    { authorization: `Bearer ${SECRET.parameter}`, body: JSON.stringify({ token: SECRET.trigger }) },
  ]);

  // It is shown nowhere.
  expect(view.outputs).toEqual({ plain: 'seen by everybody' });
  expect(view.outputsMasked).toEqual(['token', 'response']);
  const wrong = (await product.ok('GET', `/api/runs/${run}/actions?parent=Choose`))['actions'];
  expect(wrong).toMatchObject([
    { name: 'Wrong', error: { code: 'ExpressionFailed', details: 'Not shown: it reads secured data.' } },
  ]);
  const shown = [
    JSON.stringify(view),
    JSON.stringify(wrong),
    JSON.stringify(await product.ok('GET', '/api/flows/secured')),
    JSON.stringify(await product.ok('GET', `/api/runs/${run}/actions`)),
    JSON.stringify(await product.ok('GET', `/api/runs/${view.children[0]?.run ?? ''}`)),
  ].join('\n');
  for (const secret of Object.values(SECRET)) expect(shown).not.toContain(secret);

  // The same request is known again, and another one is not.
  expect((await product.call('POST', '/api/flows/secured/run', given, key)).json?.['run']).toBe(run);
  const other = await product.call('POST', '/api/flows/secured/run', { token: 'other' }, key);
  expect(other.json?.['code']).toBe('IdempotencyKeyReused');

  // The same data once more: only the control plane can open it.
  const again = await product.ok('POST', `/api/runs/${run}/resubmit`);
  expect(await product.ended(String(again['run']), 60_000)).toMatchObject({ status: 'Succeeded' });
  expect(asked).toHaveLength(2);

  await product.queueEmpty();
  // The search finds what is there.
  expect(holding(product.dataDir, { run })).toContain(`${join(product.dataDir, 'attendant.db-wal')}: run`);
  expect(holding(product.dataDir, SECRET)).toEqual([]);
});

test('A8: a flow as it is shown can be stored again, also its sealed parameters; of another flow they are refused', async () => {
  const { definition: shown, hash } = await product.ok('GET', '/api/flows/secured');
  expect(await product.ok('PUT', '/api/flows/secured', shown)).toMatchObject({ hash });
  const stolen = { ...(shown as object), name: 'thief' };
  expect((await product.call('PUT', '/api/flows/thief', stolen)).json).toMatchObject({
    code: 'InvalidDefinition',
    errors: [{ path: '/parameters/key/defaultValue', message: expect.stringContaining('not for this flow') }],
  });
});
