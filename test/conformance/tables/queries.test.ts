import { odata, type TableClient } from '@azure/data-tables';
import { collect, failure, freshTable, tableServers, type TableServer } from './table-servers';

const AT = new Date('2026-03-01T12:00:00Z');
const ID = '6b29fc40-ca47-1067-b31d-00dd010662da';

describe.each(tableServers)('queries on %s', (_name, start) => {
  let server: TableServer;
  let table: TableClient;

  beforeAll(async () => {
    server = await start();
    table = await freshTable(server);
    const id = { type: 'Guid' as const, value: ID };
    await Promise.all([
      table.createEntity({ partitionKey: 'a', rowKey: '1', n: 1, big: 10n, on: true, at: AT }),
      table.createEntity({ partitionKey: 'a', rowKey: '2', n: 2, big: 20n, on: false, real: 2.5 }),
      table.createEntity({ partitionKey: 'a', rowKey: '3', n: 3, name: "O'Neil", id }),
      table.createEntity({ partitionKey: 'b', rowKey: '1', n: 4, bytes: new Uint8Array([1, 255]) }),
      table.createEntity({ partitionKey: 'b', rowKey: '2', n: 5, name: 'zoë' }),
      table.createEntity({ partitionKey: 'c', rowKey: '1', n: 6, at: new Date(AT.getTime() + 1) }),
    ]);
  });
  afterAll(() => server.stop());

  const found = async (filter: string): Promise<string> => {
    const entities = await collect(table.listEntities({ queryOptions: { filter } }));
    return entities.map(({ partitionKey, rowKey }) => `${partitionKey}${rowKey}`).join(' ');
  };

  it.each([
    ['a partition', "PartitionKey eq 'a'", 'a1 a2 a3'],
    ['a point', "PartitionKey eq 'a' and RowKey eq '2'", 'a2'],
    ['a range of rows', "PartitionKey eq 'a' and RowKey gt '1' and RowKey le '3'", 'a2 a3'],
    ['a range of partitions', "PartitionKey ge 'b' and PartitionKey lt 'd'", 'b1 b2 c1'],
    ['two partitions', "PartitionKey eq 'a' and RowKey eq '1' or PartitionKey eq 'c'", 'a1 c1'],
    ['brackets', "PartitionKey eq 'a' and (RowKey eq '1' or RowKey eq '3')", 'a1 a3'],
    ['nothing', "PartitionKey eq 'nobody'", ''],
    ['integers', 'n ge 3 and n lt 5', 'a3 b1'],
    ['an Int64', 'big eq 20L', 'a2'],
    ['a double', 'real gt 2.25', 'a2'],
    ['a boolean', 'on eq true', 'a1'],
    ['text with a quote', "name eq 'O''Neil'", 'a3'],
    ['text beyond ASCII', "name eq 'zoë'", 'b2'],
    ['an instant', "at le datetime'2026-03-01T12:00:00Z'", 'a1'],
    ['a GUID', `id eq guid'${ID}'`, 'a3'],
    ['not', "PartitionKey eq 'a' and not (n eq 2)", 'a1 a3'],
    ['another type than the literal', "n eq '1'", ''],
    ['precedence', "n eq 1 or n eq 2 and PartitionKey eq 'b'", 'a1'],
  ])('finds %s', async (_what, filter, expected) => {
    expect(await found(filter)).toBe(expected);
  });

  it('finds binary values', async () => {
    expect(await found("bytes eq X'01ff'")).toBe('b1');
    expect(await found("bytes eq binary'01ff'")).toBe('b1');
  });

  it("takes filters from the client's odata tag", async () => {
    expect(await found(odata`name eq ${"O'Neil"} and n eq ${3}`)).toBe('a3');
    expect(await found(odata`at eq ${AT}`)).toBe('a1');
  });

  it.each(["PartitionKey eqq 'a'", "(PartitionKey eq 'a'", "PartitionKey eq 'a' n eq 1"])(
    'refuses the filter %s',
    async (filter) => {
      expect((await failure(found(filter))).status).toBe(400);
    },
  );

  it('pages in the order of the keys and goes on from a token', async () => {
    const pages: string[][] = [];
    let token: string | undefined;
    for await (const page of table.listEntities().byPage({ maxPageSize: 4 })) {
      pages.push(page.map(({ partitionKey, rowKey }) => `${partitionKey}${rowKey}`));
      token ??= page.continuationToken;
    }
    expect(pages).toEqual([
      ['a1', 'a2', 'a3', 'b1'],
      ['b2', 'c1'],
    ]);
    const rest = table.listEntities().byPage(token === undefined ? {} : { continuationToken: token });
    const [page] = await collect(rest);
    expect(page?.map(({ partitionKey, rowKey }) => `${partitionKey}${rowKey}`)).toEqual(['b2', 'c1']);
  });

  it('gives at most 1,000 rows a page and all of them over the pages', async () => {
    const big = await freshTable(server);
    for (let block = 0; block < 11; block += 1) {
      const rows = Array.from({ length: 100 }, (_, row) => String(block * 100 + row).padStart(5, '0'));
      await big.submitTransaction(
        rows.map((rowKey) => ['create', { partitionKey: 'zażółć', rowKey, n: Number(rowKey) }]),
      );
    }
    const sizes: number[] = [];
    for await (const page of big.listEntities().byPage()) sizes.push(page.length);
    expect(sizes).toEqual([1000, 100]);
    const matching = await collect(
      big.listEntities({ queryOptions: { filter: "PartitionKey eq 'zażółć' and n ge 550" } }),
    );
    expect(matching).toHaveLength(550);
  });
});
