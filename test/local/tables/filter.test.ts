import { parseInstant, type Scalar } from '../../../local/tables/edm';
import { matches } from '../../../local/tables/filter';
import { parseFilter } from '../../../local/tables/filter-parser';
import { keyRange } from '../../../local/tables/key-range';

const entity: Record<string, Scalar> = {
  PartitionKey: { kind: 'string', value: 'p' },
  n: { kind: 'number', value: 5 },
  big: { kind: 'number', value: 9007199254740993n },
  name: { kind: 'string', value: "O'Neil" },
  on: { kind: 'boolean', value: true },
  at: { kind: 'datetime', value: parseInstant('2026-01-01T00:00:00.0000001Z') ?? 0n },
};
const holds = (filter: string): boolean => matches(parseFilter(filter), (name) => entity[name]);

describe('$filter', () => {
  it.each([
    'n eq 5',
    '5 eq n',
    '3 lt n and n lt 7',
    'n eq 5.0',
    'n gt -1e3',
    'big eq 9007199254740993L',
    "name eq 'O''Neil'",
    'on',
    'not (n eq 6)',
    'not on or n eq 5',
    'true',
    "at gt datetime'2026-01-01'",
    "at lt datetime'2026-01-01T01:00:00+00:30'",
    '((((n eq 5))))',
  ])('%s holds', (filter) => expect(holds(filter)).toBe(true));

  it.each([
    'big eq 9007199254740992L',
    "n eq '5'",
    'missing eq 1',
    'missing ne 1',
    'not on',
    'false',
    "name lt 'A'",
    'n eq 5 and (on eq false or n gt 5)',
  ])('%s does not hold', (filter) => expect(holds(filter)).toBe(false));

  it.each([
    ["name eq 'open", 8],
    ['n eqq 5', 2],
    ['n eq', 4],
    ['(n eq 5', 7],
    ['n eq 5)', 6],
    ['n eq 5 n eq 5', 7],
    ['n = 5', 2],
    ['eq 5', 0],
    ['5 eq 5', 2],
    ["at eq datetime'yesterday'", 6],
    ["id eq guid'12'", 6],
    ["bytes eq X'123'", 9],
    ['n eq 12abc', 5],
  ])('refuses %s and names position %i', (filter, at) => {
    expect(() => parseFilter(filter)).toThrow(`position ${at} `);
  });

  it('refuses functions, deep nesting and more than 15 comparisons', () => {
    expect(() => parseFilter("startswith(name, 'O')")).toThrow('function startswith');
    expect(() => parseFilter('('.repeat(5000))).toThrow('levels of nesting');
    expect(() => parseFilter('not '.repeat(5000))).toThrow('levels of nesting');
    expect(() => parseFilter(Array.from({ length: 16 }, () => 'n eq 1').join(' or '))).toThrow('15');
  });
});

describe('key ranges', () => {
  const at = (value: string, inclusive = true): { value: string; inclusive: boolean } => ({
    value,
    inclusive,
  });

  it.each([
    ["PartitionKey eq 'a'", { partition: { low: at('a'), high: at('a') }, row: {} }],
    [
      "PartitionKey eq 'a' and RowKey ge '1' and RowKey lt '2' and RowKey ge '0'",
      { partition: { low: at('a'), high: at('a') }, row: { low: at('1'), high: at('2', false) } },
    ],
    [
      "PartitionKey eq 'a' and (RowKey eq '1' or RowKey eq '5')",
      { partition: { low: at('a'), high: at('a') }, row: { low: at('1'), high: at('5') } },
    ],
    ["PartitionKey gt 'a' and PartitionKey ge 'a'", { partition: { low: at('a', false) }, row: {} }],
    ["PartitionKey eq 'a' or n eq 1", { partition: {}, row: {} }],
    ["not (PartitionKey eq 'a')", { partition: {}, row: {} }],
    ["PartitionKey ne 'a'", { partition: {}, row: {} }],
  ])('%s', (filter, expected) => expect(keyRange(parseFilter(filter))).toEqual(expected));
});
