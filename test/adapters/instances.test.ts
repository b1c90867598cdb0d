import { join, resolve } from 'node:path';
import { SystemClock } from '../../local/clock';
import { openStore, type Store } from '../../local/store/store';
import { createLocalHost, type HostOptions, type LocalHost } from '../../local/host/host';
import { writeApp, type TestApp } from '../local/host/support/apps';

/* The adapter is loaded by the app itself, with the client binding that a Functions host supplies. */
const ROOT = resolve(__dirname, '../..');

const code = `
require(${JSON.stringify(join(ROOT, 'test/support/run-ts.cjs'))});
const { instancesOf } = require(${JSON.stringify(join(ROOT, 'adapters/instances.ts'))});
const client = df.input.durableClient();
df.app.orchestration('waiter', function* (context) {
  return yield context.df.waitForExternalEvent('inbox');
});
df.app.entity('box', (context) => {
  context.df.setState({ seen: context.df.getInput() });
});
df.app.orchestration('fill', function* (context) {
  yield context.df.callEntity(new df.EntityId('box', 'one'), 'fill', context.df.getInput());
});
app.http('call', {
  methods: ['POST'],
  authLevel: 'anonymous',
  extraInputs: [client],
  handler: async (request, context) => {
    const { method, args } = await request.json();
    return { jsonBody: { answer: (await instancesOf(context)[method](...args)) ?? null } };
  },
});
`;

let app: TestApp;
let store: Store;
let host: LocalHost;
const started = async (options: Pick<HostOptions, 'inProcess'>): Promise<void> => {
  app = writeApp({ code });
  store = openStore(':memory:');
  host = await createLocalHost({ root: app.root, store, clock: new SystemClock(), ...options });
};
afterEach(async () => {
  await host.stop();
  await store.close();
  app.remove();
});

async function call(method: string, ...args: unknown[]): Promise<unknown> {
  const response = await fetch(`${host.url}/api/call`, {
    method: 'POST',
    body: JSON.stringify({ method, args }),
  });
  if (response.status !== 200) throw new Error(await response.text());
  await host.runUntilIdle();
  return ((await response.json()) as { answer: unknown }).answer;
}

describe.each([
  ['over HTTP', {}],
  ['in the process of the host', { inProcess: new Map() }],
])('%s', (_where, options) => {
  beforeEach(() => started(options));

  test('starts, tells, and knows open from ended and unknown', async () => {
    const id = await call('start', 'waiter', { x: 1 });
    expect(await call('stateOf', id)).toBe('open');
    expect(await call('raise', id, 'inbox', { kind: 'cancel' })).toBe('told');
    expect(await call('stateOf', id)).toBe('ended');
    expect(await call('raise', id, 'inbox', { kind: 'cancel' })).toBe('told');
    expect(await call('stateOf', 'nobody')).toBe('none');
    expect(await call('raise', 'nobody', 'inbox', {})).toBe('unknown');
  });

  test('reads the state of an entity, or nothing', async () => {
    expect(await call('readEntity', 'box', 'one')).toBeNull();
    await call('start', 'fill', 7);
    expect(await call('readEntity', 'box', 'one')).toEqual({ seen: 7 });
  });
});
