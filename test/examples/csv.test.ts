import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
// @ts-expect-error -- plain JavaScript: a desktop flow is packed without a build
import * as csv from '../../examples/desktop-flows/invoices/csv.js';

interface Row {
  fields: string[];
  line: number;
  problem?: string;
}

const { CsvError, formatRow, readCsv } = csv as {
  CsvError: new () => Error;
  formatRow: (fields: string[]) => string;
  readCsv: (chunks: string[]) => AsyncIterable<Row>;
};

async function read(...chunks: string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of readCsv(chunks)) rows.push(row);
  return rows;
}

const field = fc.string({ unit: fc.constantFrom('a', 'ä', '😀', ',', '"', '\r', '\n', ' ', '1') });
/** Rows as csv-parse can tell them apart from blank lines. */
const table = fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 10 });

test('reads what it wrote as csv-parse does, wherever the text is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom('\r\n', '\n'),
      fc.array(fc.nat()),
      async (rows, lineEnd, cuts) => {
        const text = rows.map((row) => formatRow(row).slice(0, -2) + lineEnd).join('');
        const theirs: unknown = parse(text, {
          relaxColumnCount: true,
          recordDelimiter: ['\r\n', '\n', '\r'],
        });
        const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
        const chunks = [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length));
        const ours = (await read(...chunks)).map((row) => row.fields);
        expect(ours).toEqual(theirs);
        expect(ours).toEqual(rows);
      },
    ),
    { numRuns: 300 },
  );
});

test('counts lines across quoted line breaks, CR LF being one', async () => {
  const text = 'a,b\r\n"x\r\ny\nz",1\r\n\r\nlast,2';
  const expected = [
    { fields: ['a', 'b'], line: 1 },
    { fields: ['x\r\ny\nz', '1'], line: 2 },
    { fields: [''], line: 5 },
    { fields: ['last', '2'], line: 6 },
  ];
  expect(await read(text)).toEqual(expected);
  expect(await read(...text.split(''))).toEqual(expected);
});

test('faulty quotes are told with the row', async () => {
  expect(await read('a"b,c\n"d"e,f\n')).toEqual([
    { fields: ['a"b', 'c'], line: 1, problem: 'has a quote inside a field that is not quoted' },
    { fields: ['de', 'f'], line: 2, problem: 'has text after a closing quote' },
  ]);
});

test('a quote that is never closed names its line, also before it fills the memory', async () => {
  await expect(read('a,b\n1,"2\n3,4\n')).rejects.toThrow('in the row of line 2 and never closed');
  await expect(read('a,b\n1,"', 'x'.repeat(2_000_000))).rejects.toThrow(CsvError);
});
