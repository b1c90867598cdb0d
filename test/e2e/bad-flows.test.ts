import { Gate } from './support/gate-flow';
import { Product, STOP_GRACE_MS } from './support/product';

let product: Product;
beforeAll(async () => {
  product = await Product.start();
  await product.publish('naughty', SCRIPT);
  await product.addFlow('naughty', { inputs: ['what'], outputs: ['word'] });
  await product.publish('endless', SCRIPT);
  await product.addFlow('endless', { inputs: ['what'], timeout: 'PT2S' });
  await Gate.publish(product);
});
afterAll(() => product?.stop());
afterEach(() => product.queueEmpty());

const SCRIPT = `
const fs = require('node:fs');
const attendant = require('attendant');
const pipe = Number(process.env.ATTENDANT_PIPE);
const doings = {
  throws: () => {
    console.error('about to fail');
    throw new Error('no such invoice');
  },
  exits: () => process.exit(7),
  dies: () => process.kill(process.pid, 'SIGKILL'),
  fails: () => attendant.fail('The window did not open.', { code: 'WindowMissing', details: 'title: SAP' }),
  garbage: () => {
    fs.writeSync(pipe, 'not json\\n{"type":"unknown"}\\n[]\\n' + '\\u0000'.repeat(1000) + '\\n');
    attendant.output('word', 'fine');
    fs.writeSync(pipe, '{"type":"output", "name');
  },
  sleeps: () => setInterval(() => {}, 1000),
  ignores: () => {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1000);
    console.log('I do not listen');
  },
  chatters: () => {
    const line = 'x'.repeat(99) + '\\n';
    const block = line.repeat(10_000);
    for (let i = 0; i < 100; i++) fs.writeSync(1, block);
    console.log('the last words');
    attendant.output('word', 'said');
  },
  large: () => attendant.output('word', 'x'.repeat(200_000)),
};
doings[attendant.inputs.what]();
`;

async function run(flow: string, what: string) {
  return product.ended(await product.startRun(flow, { what }));
}

test.each([
  ['throws', { code: 'DesktopFlowFailed', details: expect.stringContaining('no such invoice') }],
  ['exits', { code: 'DesktopFlowFailed', message: expect.stringContaining('exit code 7') }],
  ['dies', { code: 'DesktopFlowFailed', message: expect.stringContaining('SIGKILL') }],
  [
    'fails',
    {
      code: 'DesktopFlowFailed',
      subCode: 'WindowMissing',
      message: expect.stringContaining('The window did not open.'),
      details: expect.stringContaining('title: SAP'),
    },
  ],
  ['large', { code: 'DesktopFlowTooLarge' }],
])('a desktop flow that %s: the run fails and says why', async (what, error) => {
  const view = await run('naughty', what);
  expect(view).toMatchObject({
    status: 'Failed',
    error: { ...error, remedy: expect.stringMatching(/\w/) },
    children: [{ status: 'Failed' }],
  });
});

test('garbage on the pipe is told in the log and changes nothing', async () => {
  const view = await run('naughty', 'garbage');
  expect(view).toMatchObject({ status: 'Succeeded', outputs: { word: 'fine' } });
  const { lines } = await product.ok('GET', `/api/runs/${view.run}-1/logs`);
  expect((lines as { text: string }[]).map(({ text }) => text)).toContainEqual(
    expect.stringContaining('Not a message on pipe 3: not json'),
  );
});

test.each(['sleeps', 'ignores'])(
  'I1: a desktop flow that never ends (%s) is stopped at its run timeout',
  async (what) => {
    const view = await run('endless', what);
    expect(view).toMatchObject({
      children: [{ status: 'TimedOut', error: { code: 'DesktopFlowsActionTimeout' } }],
    });
    expect(['TimedOut', 'Failed']).toContain(view.status);
  },
);

test('100 MB of log are cut, the last words are not, and other runs do not suffer', async () => {
  const view = await run('naughty', 'chatters');
  expect(view).toMatchObject({ status: 'Succeeded', outputs: { word: 'said' } });
  const texts: string[] = [];
  for (let after = 0, complete = false; !complete;) {
    const log = await product.ok('GET', `/api/runs/${view.run}-1/logs?after=${after}&top=5000`);
    texts.push(...(log['lines'] as { text: string }[]).map(({ text }) => text));
    complete = log['complete'] === true;
    after = Number(log['next']);
  }
  expect(texts.length).toBeLessThan(100_000);
  expect(texts).toContainEqual(expect.stringMatching(/^\d+ lines were left out here/));
  const gate = new Gate(product);
  gate.open();
  expect(await product.ended(await gate.start())).toMatchObject({ status: 'Succeeded' });
});

test('A7: a run is cancelled while it runs and while it waits', async () => {
  const gate = new Gate(product);
  const running = await gate.start();
  await gate.begun();
  const waiting = await new Gate(product).start();
  await product.until('the second run to wait', async () => {
    const queue = await product.ok('GET', `/api/machines/${await product.machine()}/queue`);
    return (queue['waiting'] as unknown[]).length === 1;
  });
  for (const run of [waiting, running]) {
    expect((await product.call('POST', `/api/runs/${run}/cancel`, { reason: 'enough' })).status).toBe(202);
    expect(await product.ended(run)).toMatchObject({ status: 'Cancelled', error: { code: 'Cancelled' } });
  }
});

test('A7: a desktop flow that does not listen when it is asked to stop is killed, once the time that it was given is over', async () => {
  const run = await product.startRun('naughty', { what: 'ignores' });
  await product.until('the desktop flow to be deaf', async () =>
    (await product.call('GET', `/api/runs/${run}-1/logs`)).text.includes('I do not listen'),
  );
  const askedAt = Date.now();
  await product.ok('POST', `/api/runs/${run}/cancel`, {});
  expect(await product.ended(run)).toMatchObject({ status: 'Cancelled', error: { code: 'Cancelled' } });
  expect(Date.now() - askedAt).toBeGreaterThanOrEqual(STOP_GRACE_MS);
});
