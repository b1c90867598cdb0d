import { TableTransaction, type TableClient, type TransactionAction } from '@azure/data-tables';
import { collect, failure, freshTable, tableServers, type TableServer } from './table-servers';

describe.each(tableServers)('entity group transactions on %s', (_name, start) => {
  let server: TableServer;
  let table: TableClient;

  beforeAll(async () => {
    server = await start();
  });
  beforeEach(async () => {
    table = await freshTable(server);
  });
  afterAll(() => server.stop());

  it('does all of them and answers each', async () => {
    const partitionKey = 'p';
    await table.createEntity({ partitionKey, rowKey: 'old', a: 1, b: 2 });
    const { etag } = await table.createEntity({ partitionKey, rowKey: 'gone' });
    const transaction = new TableTransaction();
    transaction.createEntity({ partitionKey, rowKey: 'new', text: 'line\r\nbreak', n: 5n });
    transaction.updateEntity({ partitionKey, rowKey: 'old', b: 3 }, 'Merge');
    transaction.upsertEntity({ partitionKey, rowKey: "quoted'key", c: 4 }, 'Replace');
    transaction.deleteEntity(partitionKey, 'gone');
    const { status, subResponses } = await table.submitTransaction(transaction.actions);
    expect(status).toBe(202);
    expect(subResponses.map((response) => response.status)).toEqual([204, 204, 204, 204]);
    expect(etag).toBeDefined();
    const created = await table.getEntity(partitionKey, 'new');
    expect(created).toMatchObject({ text: 'line\r\nbreak', n: 5n });
    expect(subResponses[0]?.etag?.trim()).toBe(created.etag);
    expect(await table.getEntity(partitionKey, 'old')).toMatchObject({ a: 1, b: 3 });
    expect(await table.getEntity(partitionKey, "quoted'key")).toMatchObject({ c: 4 });
    expect((await failure(table.getEntity(partitionKey, 'gone'))).status).toBe(404);
  });

  it('does none of them when one fails and names that one', async () => {
    const partitionKey = 'p';
    await table.createEntity({ partitionKey, rowKey: 'taken' });
    const actions: TransactionAction[] = [
      ['create', { partitionKey, rowKey: '1' }],
      ['upsert', { partitionKey, rowKey: '2' }, 'Replace'],
      ['create', { partitionKey, rowKey: 'taken' }],
    ];
    const error = await failure(table.submitTransaction(actions));
    expect(error).toMatchObject({ status: 409, code: 'EntityAlreadyExists' });
    expect(error.message).toMatch(/^\d+:The specified entity already exists\./);
    const left = await collect(table.listEntities());
    expect(left.map(({ rowKey }) => rowKey)).toEqual(['taken']);
  });

  it('checks etags inside', async () => {
    const partitionKey = 'p';
    const { etag = '' } = await table.createEntity({ partitionKey, rowKey: 'one', n: 1 });
    await table.updateEntity({ partitionKey, rowKey: 'one', n: 2 });
    const error = await failure(
      table.submitTransaction([
        ['create', { partitionKey, rowKey: 'two' }],
        ['update', { partitionKey, rowKey: 'one', n: 3 }, 'Merge', { etag }],
      ]),
    );
    expect(error).toMatchObject({ status: 412, code: 'UpdateConditionNotSatisfied' });
    expect(await table.getEntity(partitionKey, 'one')).toMatchObject({ n: 2 });
    expect((await failure(table.getEntity(partitionKey, 'two'))).status).toBe(404);
  });

  it('takes 100 operations and refuses 101', async () => {
    const actions = (count: number): TransactionAction[] =>
      Array.from({ length: count }, (_, row) => ['create', { partitionKey: 'p', rowKey: String(row) }]);
    expect((await failure(table.submitTransaction(actions(101)))).status).toBe(400);
    const { subResponses } = await table.submitTransaction(actions(100));
    expect(subResponses).toHaveLength(100);
    expect(await collect(table.listEntities())).toHaveLength(100);
  });

  it('refuses one entity twice', async () => {
    const twice: TransactionAction[] = [
      ['upsert', { partitionKey: 'p', rowKey: '1' }, 'Merge'],
      ['upsert', { partitionKey: 'p', rowKey: '1' }, 'Merge'],
    ];
    expect(await failure(table.submitTransaction(twice))).toMatchObject({
      status: 400,
      code: 'InvalidDuplicateRow',
    });
    expect(await collect(table.listEntities())).toHaveLength(0);
  });
});
