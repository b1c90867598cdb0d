import fc from 'fast-check';
import { SystemClock } from '../../../local/clock';
import { openStore, type Store } from '../../../local/store/store';
import { lookupOf } from '../../../local/tables/entity-json';
import { queryEntities } from '../../../local/tables/entity-query';
import { EntityStore, type EntityRow } from '../../../local/tables/entity-store';
import { ChangeTimes } from '../../../local/tables/entity-time';
import { compareText, matches } from '../../../local/tables/filter';
import { parseFilter } from '../../../local/tables/filter-parser';
import { TableError } from '../../../local/tables/table-error';

const KEYS = ['', 'a', 'aa', 'b', "o'b", 'ż', '\uffff', '😀'];
const NUMBERS = [0, 1, 2];

/** Filters over keys and one number, as text. */
const filterText = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc
      .tuple(
        fc.constantFrom('PartitionKey', 'RowKey'),
        fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'),
        fc.constantFrom(...KEYS),
      )
      .map(([name, comparator, key]) => `${name} ${comparator} '${key.replaceAll("'", "''")}'`),
    fc.constantFrom(...NUMBERS).map((n) => `n eq ${n}`),
    fc
      .tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter'))
      .map(([left, word, right]) => `(${left}) ${word} (${right})`),
    tie('filter').map((inner) => `not (${inner})`),
  ),
})).filter;

describe('queries of tables, whatever the filter', () => {
  let store: Store;
  let entities: EntityStore;
  let table: number;
  const rows: EntityRow[] = [];

  beforeAll(() => {
    store = openStore(':memory:');
    entities = new EntityStore(store);
    const times = new ChangeTimes(new SystemClock());
    store.write(() => entities.createTable('items'));
    table = entities.tableId('items') ?? 0;
    for (const partitionKey of KEYS) {
      for (const rowKey of KEYS) {
        const properties = JSON.stringify({ n: rows.length % NUMBERS.length });
        rows.push({ partitionKey, rowKey, changedUs: times.next(), properties });
      }
    }
    store.write(() => rows.forEach((row) => entities.insert(table, row)));
    rows.sort((a, b) => compareText(a.partitionKey, b.partitionKey) || compareText(a.rowKey, b.rowKey));
  });
  afterAll(() => store.close());

  const keyOf = (row: EntityRow): string => `${row.partitionKey}/${row.rowKey}`;

  it('finds over all pages exactly what a look at every row finds, in order', () => {
    fc.assert(
      fc.property(filterText, fc.integer({ min: 1, max: 70 }), (text, top) => {
        const filter = parseFilter(text);
        const expected = rows.filter((row) => matches(filter, lookupOf(row))).map(keyOf);
        const found: string[] = [];
        const query = new URLSearchParams({ $filter: text, $top: String(top) });
        for (;;) {
          const page = queryEntities(entities, table, query);
          found.push(...page.rows.map(keyOf));
          const partition = page.headers['x-ms-continuation-NextPartitionKey'];
          if (partition === undefined) break;
          query.set('NextPartitionKey', partition);
          query.set('NextRowKey', page.headers['x-ms-continuation-NextRowKey'] ?? '');
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  it('answers any text with a filter or a TableError', () => {
    const words = fc.constantFrom(
      "'",
      '(',
      ')',
      ' ',
      'eq',
      'and',
      'not',
      'n',
      '1',
      "'a'",
      "guid'",
      'ż',
      '\0',
      ',',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((parts) => parts.join(' ')),
        ),
        (text) => {
          try {
            parseFilter(text);
          } catch (error) {
            expect(error).toBeInstanceOf(TableError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
