import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Gate } from './support/gate-flow';
import { runScript, type Ended } from './support/processes';
import { Product } from './support/product';

let product: Product;
let csv: string;
beforeAll(async () => {
  product = await Product.start();
  await Gate.publish(product);
  csv = join(product.dataDir, 'in.csv');
  writeFileSync(
    csv,
    'invoice_id,supplier,date,currency,amount\nA,B,2026-01-02,EUR,1.10\n,B,2026-01-02,EUR,2\n',
  );
});
afterAll(() => product?.stop());

function attendant(...args: string[]): Promise<Ended> {
  const { url, key } = product.endpoint;
  return runScript('cli/main.js', args, { env: { ATTENDANT_URL: url, ATTENDANT_KEY: key } });
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const ended = await attendant(...args, '--json');
  expect(ended).toMatchObject({ code: 0 });
  return JSON.parse(ended.out) as Record<string, unknown>;
}

test('flows are listed, run and waited for; the run is shown with log and files', async () => {
  expect((await attendant('flows', 'list')).out).toContain('process-invoices');

  const waited = await attendant('flows', 'run', 'process-invoices', '--input', `csv=@${csv}`, '--wait');
  expect(waited).toMatchObject({ code: 0 });
  expect(waited.out).toContain('1.10');
  expect(waited.err).toContain('Succeeded');

  const { runs } = await json('runs', 'list');
  const [newest] = runs as { run: string; status: string }[];
  expect(newest).toMatchObject({ status: 'Succeeded' });
  const run = newest?.run ?? '';
  expect(waited.err).toContain(run);
  expect(await json('runs', 'show', run)).toMatchObject({
    outputs: { totals: { EUR: '1.10' }, accepted: 1, rejected: 1 },
  });
  expect((await attendant('runs', 'show', run)).out).toContain('Succeeded');
  expect((await attendant('runs', 'logs', run)).out).toContain('1 rows accepted, 1 rejected');
  const log = await attendant('runs', 'logs', `${run}-1`, '--json');
  for (const line of log.out.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ run: `${run}-1` });
  expect((await attendant('runs', 'artifacts', run)).out).toContain('rejects.csv');
});

test('a run is cancelled; whoever waits for it learns that by the exit code', async () => {
  const gate = new Gate(product);
  const inputs = ['--input', `counter=${gate.input.counter}`, '--input', `release=${gate.input.release}`];
  const waiting = attendant('flows', 'run', 'gate', ...inputs, '--wait');
  await gate.begun();
  const { runs } = await json('runs', 'list');
  const run = (runs as { run: string; flow: string }[]).find(({ flow }) => flow === 'gate')?.run ?? '';
  expect(await attendant('runs', 'cancel', run)).toMatchObject({ code: 0 });
  expect(await waiting).toMatchObject({ code: 3 });
  expect(await json('runs', 'show', run)).toMatchObject({ status: 'Cancelled' });
  await product.queueEmpty();
});

test('a run that fails: exit code 1 and the reason', async () => {
  const wrong = join(product.dataDir, 'wrong.csv');
  writeFileSync(wrong, 'a,b\n1,2\n');
  const ended = await attendant('flows', 'run', 'process-invoices', '--input', `csv=@${wrong}`, '--wait');
  expect(ended.code).toBe(1);
  expect(ended.out + ended.err).toContain('WrongHeader');
});

test.each([
  [['flows', 'run', 'nothing'], 1, 'FlowNotFound'],
  [['flows', 'run', 'process-invoices'], 1, 'csv'],
  [['flows', 'run', 'process-invoices', '--input', 'csv=@nowhere.csv'], 2, 'nowhere.csv'],
  [['runs', 'show', '01JD0000000000000000000000'], 1, 'RunNotFound'],
  [['runs', 'dance'], 2, 'dance'],
])('attendant %j: exit code %i', async (args, code, text) => {
  const ended = await attendant(...args);
  expect(ended).toMatchObject({ code });
  expect(ended.err).toContain(text);
});

test('with a wrong key, and with no host: said in words', async () => {
  const { url } = product.endpoint;
  const wrong = await runScript('cli/main.js', ['runs', 'list', '--url', url, '--key', 'wrong']);
  expect(wrong.code).toBe(1);
  expect(wrong.err).toMatch(/key/);
  const nobody = await runScript('cli/main.js', [
    'runs',
    'list',
    '--url',
    'http://127.0.0.1:9',
    '--key',
    'k',
  ]);
  expect(nobody.code).toBe(5);
  expect(nobody.err).toContain('http://127.0.0.1:9');
  const none = await runScript('cli/main.js', ['runs', 'list'], {
    cwd: join(product.dataDir, 'agent'),
    env: { ATTENDANT_URL: undefined, ATTENDANT_KEY: undefined },
  });
  expect(none.code).toBe(5);
  expect(none.err).toContain('npm start');
});
