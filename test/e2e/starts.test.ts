import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Product } from './support/product';
import { runScript } from './support/processes';

/** The first start is meant to take under five seconds; a busy computer is given more. */
const READY_WITHIN_MS = 20_000;

test('the first start is quick and runs the example once; the second start runs nothing', async () => {
  const begun = performance.now();
  const product = await Product.start();
  try {
    const tookMs = performance.now() - begun;
    process.stdout.write(`first start: ready after ${(tookMs / 1_000).toFixed(1)} s\n`);
    expect(tookMs).toBeLessThan(READY_WITHIN_MS);
    const list = async () =>
      (await product.ok('GET', '/api/runs'))['runs'] as { run: string; flow: string; status: string }[];
    const [example, ...more] = await list();
    expect(more).toEqual([]);
    expect(example?.flow).toBe('process-invoices');
    expect(await product.ended(example?.run ?? '')).toMatchObject({ status: 'Succeeded' });

    await product.stop({ keepData: true });
    await product.launch();

    expect((await list()).map(({ run }) => run)).toEqual([example?.run]);
  } finally {
    await product.stop();
  }
});

test('one data folder is served once', async () => {
  const product = await Product.start();
  try {
    const second = await runScript('local/main.js', ['--data', product.dataDir, '--port', '0']);
    expect(second.code).toBe(1);
    expect(second.err).toContain(`already runs on this data folder: ${product.endpoint.url}`);
    expect((await product.call('GET', '/api/health')).status).toBe(200);
  } finally {
    await product.stop();
  }
});

test('a port in use is named and the start given up', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const dataDir = mkdtempSync(join(tmpdir(), 'attendant-e2e-'));
  try {
    const ended = await runScript('local/main.js', ['--data', dataDir, '--port', String(port)]);
    // All of it, so that a failure shows what the host said.
    expect(ended).toMatchObject({ code: 1, err: expect.stringMatching(`Port ${port} .*in use`) });
  } finally {
    other.close();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20 });
  }
});

test.each([
  ['--port', '70000', 'from 0 to 65535'],
  ['--data', __filename, 'cannot be used as data folder'],
])('%s %s is refused in words', async (option, value, message) => {
  const ended = await runScript('local/main.js', [option, value]);
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(new RegExp(message));
});
