import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DesktopRunView } from '../../contracts/api-runs';
import { Product } from './support/product';
import { runScript } from './support/processes';

/** Row A7, seen from outside: the flow's heartbeat in a file of its own. */
let product: Product;
beforeAll(async () => {
  product = await Product.start();
  await product.publish(
    'beat',
    `const attendant = require('attendant');
     const fs = require('node:fs');
     attendant.progress({ subflow: 'Main', action: 'Beat' });
     setInterval(() => {
       fs.appendFileSync(attendant.inputs.heart, '.');
       attendant.output('beats', String(fs.statSync(attendant.inputs.heart).size));
       attendant.checkpoint();
     }, 20);`,
  );
  await product.addFlow('beat', { inputs: ['heart'], outputs: ['beats'] });
});
afterAll(() => product?.stop());

let number = 0;
async function begin(): Promise<{ run: string; child: string; beats: () => number }> {
  const heart = join(product.dataDir, `heart-${++number}`);
  const beats = (): number => statSync(heart, { throwIfNoEntry: false })?.size ?? 0;
  const run = await product.startRun('beat', { heart });
  await product.until('the heart to beat', () => beats() > 2);
  return { run, child: `${run}-1`, beats };
}

async function child(run: string): Promise<DesktopRunView> {
  return (await product.ok('GET', `/api/runs/${run}`)) as unknown as DesktopRunView;
}

function inState(run: string, status: string): Promise<DesktopRunView> {
  return product.until(`${run} to be ${status}`, async () => {
    const view = await child(run);
    return view.status === status ? view : undefined;
  });
}

async function cli(...args: string[]): Promise<string> {
  const { url, key } = product.endpoint;
  const ended = await runScript('cli/main.js', args, { env: { ATTENDANT_URL: url, ATTENDANT_KEY: key } });
  if (ended.code !== 0) throw new Error(`attendant ${args.join(' ')}: ${ended.out}${ended.err}`);
  return ended.out;
}

test('A7: pause stops the heart, others see why they wait, resume and stop at a checkpoint go on from there', async () => {
  const { run, child: desktop, beats } = await begin();
  await product.ok('POST', `/api/runs/${run}/pause`, {});
  const paused = await inState(desktop, 'Paused');
  expect(paused.paused).toEqual({ since: expect.any(String) as string, by: expect.any(String) as string });
  const before = beats();
  const second = await product.startRun('beat', { heart: join(product.dataDir, 'never') });
  const machine = await product.machine();
  const why = await product.until('the second run to wait', async () => {
    const queue = await product.ok('GET', `/api/machines/${machine}/queue`);
    return (queue['waiting'] as { reason: unknown }[])[0]?.reason;
  });
  expect(why).toMatchObject({ why: 'machineBusy', run: desktop, paused: { by: paused.paused?.by } });
  expect(await cli('queue', 'show', machine)).toContain('paused by');
  expect(await cli('runs', 'show', desktop)).toMatch(/paused\s+since/);
  expect(beats()).toBe(before);

  expect((await product.call('POST', `/api/runs/${second}/pause`, {})).json).toMatchObject({
    code: 'RunNotExecuting',
  });
  await product.ok('POST', `/api/runs/${second}/stop`, { mode: 'kill' });
  expect((await product.ended(second)).status).toBe('Cancelled');

  expect(await cli('runs', 'resume', desktop)).toContain('asked to resume');
  await product.until('the heart to beat again', () => beats() > before);
  await cli('runs', 'stop', desktop, '--mode', 'checkpoint');
  const ended = await inState(desktop, 'Cancelled');
  expect(Number((ended.outputs as { beats: string }).beats)).toBeGreaterThan(before);
  expect(ended.usage?.peakRssBytes).toBeGreaterThan(10e6);
  expect((await product.call('POST', `/api/runs/${desktop}/pause`, {})).json).toMatchObject({
    code: 'RunAlreadyEnded',
  });
});

test('A7: kill ends it at once; a run on a machine without a screen says why there is no picture (L8)', async () => {
  const { run, child: desktop, beats } = await begin();
  await cli('runs', 'stop', run, '--mode', 'kill');
  expect((await product.ended(run)).status).toBe('Cancelled');
  const before = beats();
  expect((await child(desktop)).status).toBe('Cancelled');
  await product.publish('fails', `process.exit(3);`);
  await product.addFlow('fails', { inputs: [] });
  const failed = await product.ended(await product.startRun('fails', {}));
  expect(failed.children[0]?.screenshot).toEqual({ none: expect.stringContaining('no screen') as string });
  expect(beats()).toBe(before);
  expect(readFileSync(join(product.dataDir, 'heart-1'), 'utf8')).toMatch(/^\.+$/);
});
