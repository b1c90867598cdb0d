import { openProduct } from './product';

let product: ReturnType<typeof openProduct>;
beforeEach(() => {
  product = openProduct();
});
afterEach(() => product.stop());

const run = (...args: string[]) => product.run(['subscriptions', ...args]);
const setErp = () =>
  run(
    'set',
    'erp',
    '--to',
    'https://erp.example.com/hook',
    '--types',
    'attendant.run.failed',
    '--flows',
    'a',
  );

/** A delivery to `erp` that was given up. */
async function deadDelivery(): Promise<string> {
  const { ports } = product;
  const { id = '' } = (await ports.subscriptions.get('erp')) ?? {};
  const atMs = ports.now();
  const event = `${atMs}-a`;
  const type = 'attendant.run.failed';
  await ports.events.keep({ id: event, type, atMs, subject: 'runs/1', data: {} });
  const lastError = 'The receiver answered 500.';
  await ports.deliveries.bury(id, { event, type, attempts: 12, lastError, dueMs: atMs });
  return event;
}

test('L3: attendant subscriptions set shows the secret once; list and show do not', async () => {
  const { out, exitCode } = await setErp();
  expect(exitCode).toBe(0);
  expect(out).toMatch(/secret, shown this once:\nwhsec_/);
  expect((await setErp()).out).not.toContain('whsec_');
  const list = await run('list');
  expect(list.out.split('\n')).toEqual([
    expect.stringMatching(/^NAME +URL +ENABLED +FAILURES$/),
    expect.stringMatching(/^erp +https:\/\/erp\.example\.com\/hook +yes +0$/),
  ]);
  const shown = await run('show', 'erp');
  expect(shown.out).toMatch(/types +attendant\.run\.failed/);
  expect(shown.out + list.out).not.toContain('whsec_');
});

test('L3: attendant subscriptions rotate gives another secret; delete forgets the subscription', async () => {
  const first = /whsec_\S+/.exec((await setErp()).out)?.[0];
  const rotated = await run('rotate', 'erp', '--utc');
  expect(/whsec_\S+/.exec(rotated.out)?.[0]).not.toBe(first);
  expect(rotated.out).toMatch(/old secret until +2026-01-16 12:00:00Z/);
  expect((await run('delete', 'erp')).out).toBe('erp is deleted.');
  const gone = await run('show', 'erp');
  expect([gone.exitCode, gone.err]).toEqual([1, expect.stringContaining('[SubscriptionNotFound]')]);
});

test('L3: attendant subscriptions deliveries, retry, replay', async () => {
  await setErp();
  const event = await deadDelivery();
  const dead = await run('deliveries', 'erp');
  expect(dead.out).toMatch(new RegExp(`${event} +12 .*The receiver answered 500\\.`));
  expect((await run('retry', 'erp', event)).out).toBe(`${event} is tried again.`);
  expect((await run('deliveries', 'erp', '--status', 'waiting')).out).toContain(event);
  expect((await run('retry', 'erp', event)).err).toContain('[DeliveryNotFound]');
  expect((await run('replay', 'erp', '--from', '2026-01-15T00:00:00Z')).out).toBe('erp is being told again.');
  expect((await run('replay', 'erp', '--from', 'yesterday')).exitCode).toBe(1);
});

test('L3: what cannot be is refused: an address without TLS, a type that is none, a switch that is none', async () => {
  expect((await run('set', 'erp', '--to', 'ftp://example.com')).err).toContain('[InvalidBody]');
  const to = ['--to', 'https://erp.example.com'];
  expect((await run('set', 'erp', ...to, '--types', 'x')).err).toContain('[InvalidBody]');
  expect((await run('set', 'erp', ...to, '--enabled', 'perhaps')).exitCode).toBe(2);
  expect((await run('set', 'erp')).exitCode).toBe(2);
});
