import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Product } from './support/product';
import { runScript } from './support/processes';

let product: Product;
beforeAll(async () => {
  product = await Product.start();
});
afterAll(() => product?.stop());

const CSV = [
  'invoice_id,supplier,date,currency,amount',
  'A-1,"Acme, ""Tools"" & Co",2026-03-01,EUR,0.10',
  'A-2,"Two\r\nlines",2026-03-02,EUR,0.20',
  'A-3,Plain,2026-03-03,JPY,12345678901234567890',
  'A-4,Plain,2026-03-04,JPY,1',
  'A-5,Plain,2026-02-30,EUR,5.00',
  'A-1,Plain,2026-03-05,EUR,5.00',
  'A-6,Plain,2026-03-06,EUR,1.005',
  'A-7,Plain,2026-03-07',
  '',
].join('\r\n');

test('a CSV becomes exact totals per currency, rejected rows with reasons, a log and files', async () => {
  const file = await product.ok('POST', '/api/files?name=invoices.csv', new TextEncoder().encode(CSV));
  const run = await product.startRun('process-invoices', { csv: file['id'] });

  const view = await product.ended(run);

  expect(view).toMatchObject({
    status: 'Succeeded',
    outputs: {
      totals: { EUR: '0.30', JPY: '12345678901234567891' },
      accepted: 4,
      rejected: 4,
      rejects: [
        { row: 6, invoice_id: 'A-5', reasons: ['date "2026-02-30" does not exist'] },
        { row: 7, invoice_id: 'A-1', reasons: ['invoice_id A-1 is already in row 2'] },
        { row: 8, invoice_id: 'A-6', reasons: ['amount 1.005 has more than the 2 decimals of EUR'] },
        { row: 9, reasons: ['has 3 columns instead of 5'] },
      ],
    },
    children: [{ status: 'Succeeded', desktopFlow: 'invoices' }],
  });
  const child = `${run}-1`;
  const log = await product.ok('GET', `/api/runs/${child}/logs`);
  expect(log).toMatchObject({ complete: true });
  expect((log['lines'] as { text: string }[]).map((line) => line.text)).toContain(
    '4 rows accepted, 4 rejected',
  );
  const { artifacts } = await product.ok('GET', `/api/runs/${run}/artifacts`);
  expect((artifacts as { name: string }[]).map(({ name }) => name).sort()).toEqual([
    'clean.csv',
    'rejects.csv',
  ]);
  const clean = await product.call('GET', `/api/runs/${child}/artifacts/clean.csv`);
  expect(clean.text).toContain('A-1,"Acme, ""Tools"" & Co",2026-03-01,EUR,0.10');
  expect(clean.text.split('A-').length - 1).toBe(4);
  const rejects = await product.call('GET', `/api/runs/${child}/artifacts/rejects.csv`);
  expect(rejects.text).toContain('invoice_id A-1 is already in row 2');
});

/** The demo on the running product, or with a name of its own on one that it brings up. */
async function demo(path: string, dataDir = product.dataDir) {
  return runScript('local/main.js', ['demo', path, '--data', dataDir]);
}

test('the demo prints totals and rejected rows last and exits 0', async () => {
  const path = join(product.dataDir, 'mine.csv');
  writeFileSync(path, CSV);
  const ended = await demo(path);
  expect(ended).toMatchObject({ code: 0, err: '' });
  expect(ended.out.trim().split('\n').slice(-8)).toEqual([
    'Totals per currency:',
    '  EUR 0.30',
    '  JPY 12345678901234567891',
    'Rejected rows:',
    '  row 6: date "2026-02-30" does not exist',
    '  row 7: invoice_id A-1 is already in row 2',
    '  row 8: amount 1.005 has more than the 2 decimals of EUR',
    '  row 9: has 3 columns instead of 5',
  ]);
});

test('the demo brings up a product of its own when none runs', async () => {
  const path = join(product.dataDir, 'mine.csv');
  writeFileSync(path, CSV);
  const ended = await demo(path, join(product.dataDir, 'another'));
  expect(ended).toMatchObject({ code: 0 });
  expect(ended.out.trim().split('\n').at(-1)).toBe('  row 9: has 3 columns instead of 5');
});

describe('the demo says what is wrong and exits non-zero', () => {
  test('with a file that is not there', async () => {
    const ended = await demo(join(product.dataDir, 'nowhere.csv'));
    expect(ended.code).toBe(1);
    expect(ended.err).toContain('nowhere.csv: there is no such file.');
  });

  test('with a folder', async () => {
    const ended = await demo(product.dataDir);
    expect(ended.code).toBe(1);
    expect(ended.err).toContain('this is not a file');
  });

  test('with a file that cannot be read', async () => {
    // Root may read everything but this: the kernel itself refuses.
    const ended = await demo('/proc/self/mem');
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(/\/proc\/self\/mem: .*cannot be read/);
  });

  test.each([
    ['a wrong header', 'id,who\n1,me\n', 'WrongHeader|missing: invoice_id, supplier, date, currency, amount'],
    ['an empty file', '', 'The file is empty'],
    ['a file that is not text', Buffer.from([0xff, 0xfe, 0x00, 0x41]), 'The file is not UTF-8 text'],
  ])('with %s', async (_what, content, message) => {
    const path = join(product.dataDir, 'wrong.csv');
    writeFileSync(path, content);
    const ended = await demo(path);
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(new RegExp(message));
  });

  test('with no file named', async () => {
    const ended = await runScript('local/main.js', ['demo']);
    expect(ended.code).toBe(2);
    expect(ended.err).toContain('attendant demo <invoices.csv>');
  });
});
