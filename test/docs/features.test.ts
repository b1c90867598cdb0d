import { join } from 'node:path';
import { readRows, testsByRow } from '../../scripts/rows';

const root = join(__dirname, '../..');
const lengths = { A: 8, B: 9, C: 9, D: 6, E: 3, F: 10, G: 4, H: 4, I: 1, J: 2, K: 5, L: 10 };

it('docs/features.md has every row once, and tests name no row that there is not', () => {
  const rows = readRows(root);
  const expected = Object.entries(lengths).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
  );
  expect(rows.map(({ id }) => id)).toEqual(expected);
  expect([...testsByRow(root).keys()].filter((id) => !expected.includes(id))).toEqual([]);
});

it('a row counts as proved only when a test of the product carries its id, and never when it needs Windows', () => {
  for (const { tests, status, where } of readRows(root)) {
    if (status !== 'proved') continue;
    expect(tests.some(({ file }) => !/^test\/(local|conformance)\//.test(file))).toBe(true);
    expect(where).toBe('any');
  }
});

it('a promise that says what of it is missing counts in part at most', () => {
  const missing = readRows(root).filter(({ promise }) => promise.includes('(missing: '));
  expect(missing.map(({ id, status }) => [id, status])).toEqual(missing.map(({ id }) => [id, 'in part']));
});
