import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { AgentFixture, root } from '../../support/agent/agent-fixture';

const examples = path.join(root, 'examples/desktop-flows');

async function filesOf(flow: string): Promise<Record<string, Buffer>> {
  const names = (await readdir(path.join(examples, flow), { withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const contents = await Promise.all(names.map((entry) => readFile(path.join(examples, flow, entry.name))));
  return Object.fromEntries(names.map((entry, index) => [entry.name, contents[index] ?? Buffer.alloc(0)]));
}

describe('the examples, run by an agent', () => {
  const fixture = new AgentFixture();
  beforeAll(async () => {
    await fixture.start();
  });
  afterAll(() => fixture.end());

  async function check(csv: string | Buffer): Promise<{ run: string; done: Record<string, unknown> }> {
    const file = fixture.controlPlane.addFile(csv);
    const run = await fixture.run(await filesOf('invoices'), { csv: file });
    return { run, done: await fixture.broker.event(run, 'done') };
  }
  const artifact = (run: string, name: string): string =>
    fixture.controlPlane.artifacts.get(`${run}/artifacts/${name}`)?.toString('utf8') ?? '';
  const header = 'invoice_id,supplier,date,currency,amount';

  test('the sample: exact totals, every reason, both files', async () => {
    const { run, done } = await check(readFileSync(path.join(examples, 'invoices/sample/invoices.csv')));
    expect(done).toMatchObject({
      outcome: 'Succeeded',
      outputs: {
        accepted: 11,
        rejected: 10,
        totals: { CHF: '990.05', EUR: '1429.95', GBP: '87.35', JPY: '184000', KWD: '75.125', USD: '2310.70' },
      },
      artifacts: [{ name: 'clean.csv' }, { name: 'rejects.csv' }],
    });
    const { rejects } = done['outputs'] as { rejects: { row: number; line: number; reasons: string[] }[] };
    expect(rejects.map(({ row, line, reasons }) => `${row}/${line} ${reasons.join('; ')}`)).toEqual([
      '8/9 date "2026-02-30" does not exist',
      '10/11 supplier is missing',
      '11/12 invoice_id INV-1002 is already in row 3',
      '12/13 amount 9800.50 has more than the 0 decimals of JPY',
      '13/14 date "22/01/2026" is not of the form YYYY-MM-DD',
      '14/15 amount "1,050.00" is not a decimal number such as 1234.50',
      '15/16 currency "usd" is not a code of three capital letters',
      '17/18 currency XXQ is not in ISO 4217',
      '20/21 has 4 columns instead of 5',
      '21/22 invoice_id is missing',
    ]);
    const clean = parse<Record<string, string>>(artifact(run, 'clean.csv'), { columns: true });
    expect(clean).toHaveLength(11);
    expect(clean[3]).toEqual({
      invoice_id: 'INV-1004',
      supplier: 'Kanto Trading\r\nTokyo branch',
      date: '2026-01-12',
      currency: 'JPY',
      amount: '184000',
    });
    const rejected = parse<Record<string, string>>(artifact(run, 'rejects.csv'), { columns: true });
    expect(rejected).toHaveLength(10);
    expect(rejected[5]?.['record']).toBe('INV-1012,Atlas Freight,2026-01-23,USD,"1,050.00"');
    expect(fixture.broker.kinds(run)).toContain('progress');
  });

  test('columns in another order, byte-order mark, 0.1 + 0.2, sums beyond what a double holds', async () => {
    const { done } = await check(
      '\ufeffAmount,Currency,Date,Supplier,Invoice_ID\n0.1,EUR,2024-02-29,S,1\n0.2,EUR,2024-02-29,S,2\n' +
        '90071992547409930.07,USD,2024-01-01,S,3\n0.01,USD,2024-01-01,S,4\n-5,XOF,2024-01-01,S,5\n',
    );
    expect(done).toMatchObject({
      outputs: { totals: { EUR: '0.30', USD: '90071992547409930.08', XOF: '-5' }, accepted: 5, rejected: 0 },
    });
  });

  test.each([
    ['an empty file', '', 'UnreadableCsv', 'The file is empty'],
    [
      'a wrong header',
      'invoice,supplier,date,currency,amount\n',
      'WrongHeader',
      'missing: invoice_id; unknown: "invoice"',
    ],
    ['a header twice', `${header},amount\n`, 'WrongHeader', 'repeated: amount'],
    [
      'a quote never closed',
      `${header}\n1,"S,2026-01-01,EUR,1\n2,S\n`,
      'UnreadableCsv',
      'row of line 2 and never closed',
    ],
    [
      'Latin-1',
      Buffer.from(`${header}\n1,M\xfcller,2026-01-01,EUR,1\n`, 'latin1'),
      'UnreadableCsv',
      'not UTF-8',
    ],
    ['UTF-16', Buffer.from(`\ufeff${header}\n`, 'utf16le'), 'UnreadableCsv', 'not UTF-8'],
  ])('%s fails the run with a clear message', async (_what, csv, subCode, message) => {
    const { done } = await check(csv);
    expect(done).toMatchObject({
      outcome: 'Failed',
      error: { code: 'DesktopFlowFailed', subCode, message: expect.stringContaining(message) as string },
    });
  });

  test('30 MB of rows pass in bounded memory and only the first 100 rejects are shown', async () => {
    const rows = Array.from(
      { length: 600_000 },
      (_, n) => `I${n},Supplier ${n % 100} Ltd,2026-01-01,${n % 2 ? 'EUR' : 'eur'},1.01`,
    );
    const { done } = await check(`${header}\n${rows.join('\n')}\n`);
    expect(done).toMatchObject({
      outcome: 'Succeeded',
      outputs: { accepted: 300_000, totals: { EUR: '303000.00' } },
    });
    expect((done['outputs'] as { rejects: unknown[] }).rejects).toHaveLength(100);
    expect((done['usage'] as { peakRssBytes: number }).peakRssBytes).toBeLessThan(400e6);
    // 600,000 rows are work for seconds on a computer that does nothing else.
  }, 90_000);

  test('Python and the system’s own programs', async () => {
    const hello = await fixture.run(await filesOf('hello-python'), { name: 'Ada' });
    expect(await fixture.broker.event(hello, 'done')).toMatchObject({ outputs: { greeting: 'Hello Ada!' } });
    const disk = await fixture.run(await filesOf('disk-report'));
    expect(await fixture.broker.event(disk, 'done')).toMatchObject({ outcome: 'Succeeded' });
    expect(artifact(disk, 'disk.txt')).toContain('/');
  });
});
