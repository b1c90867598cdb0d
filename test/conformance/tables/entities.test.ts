import { TableClient, type TableEntityResult } from '@azure/data-tables';
import {
  collect,
  failure,
  freshTable,
  serviceClient,
  tableClient,
  tableServers,
  type TableServer,
} from './table-servers';

describe.each(tableServers)('entities on %s', (_name, start) => {
  let server: TableServer;
  let table: TableClient;

  beforeAll(async () => {
    server = await start();
    table = await freshTable(server);
  });
  afterAll(() => server.stop());

  it('creates, lists and deletes tables', async () => {
    const client = tableClient(server, 'Lifecycle');
    await client.createTable();
    await client.createTable();
    const service = serviceClient(server);
    const names = (await collect(service.listTables())).map(({ name }) => name);
    expect(names).toContain('Lifecycle');
    const chosen = await collect(
      service.listTables({ queryOptions: { filter: "TableName eq 'Lifecycle'" } }),
    );
    expect(chosen.map(({ name }) => name)).toEqual(['Lifecycle']);
    await client.deleteTable();
    expect(await failure(client.getEntity('a', 'b'))).toMatchObject({ status: 404, code: 'TableNotFound' });
    await client.deleteTable();
  });

  it('refuses a bad table name', async () => {
    expect((await failure(tableClient(server, 'no-dashes').createTable())).status).toBe(400);
    expect((await failure(tableClient(server, 'ab').createTable())).status).toBe(400);
  });

  it('inserts once and gives back every type as it was', async () => {
    const entity = {
      partitionKey: 'types',
      rowKey: "it's a key",
      text: 'zażółć "quoted" \n line',
      empty: '',
      yes: true,
      int: -42,
      double: 1.5,
      big: 2n ** 53n + 1n,
      at: new Date('2026-02-03T04:05:06.789Z'),
      bytes: new Uint8Array([0, 1, 254, 255]),
      id: { type: 'Guid' as const, value: '6b29fc40-ca47-1067-b31d-00dd010662da' },
      nothing: null,
    };
    const { etag } = await table.createEntity(entity);
    expect(etag).toMatch(/^W\/"datetime'.+'"$/);
    const read = await table.getEntity<Record<string, unknown>>('types', "it's a key");
    const { timestamp, etag: readEtag, bytes, ...rest } = read;
    expect(readEtag).toBe(etag);
    expect(Date.parse(timestamp ?? '')).not.toBeNaN();
    expect([...(bytes as Uint8Array)]).toEqual([0, 1, 254, 255]);
    const { nothing: _null, bytes: _bytes, ...sent } = entity;
    expect(rest).toMatchObject(sent);
    expect(rest['nothing'] ?? null).toBeNull();
    expect(await failure(table.createEntity(entity))).toMatchObject({
      status: 409,
      code: 'EntityAlreadyExists',
    });
  });

  it('keeps types apart with type conversion off', async () => {
    await table.createEntity({
      partitionKey: 'types',
      rowKey: 'annotated',
      big: { type: 'Int64', value: '-9007199254740993' },
      real: { type: 'Double', value: 1.25 },
      at: { type: 'DateTime', value: '2026-01-01T00:00:00.1234567Z' },
    });
    const read = await table.getEntity('types', 'annotated', { disableTypeConversion: true });
    expect(read).toMatchObject({
      big: { type: 'Int64', value: '-9007199254740993' },
      at: { type: 'DateTime', value: '2026-01-01T00:00:00.1234567Z' },
      real: { value: '1.25' },
    });
  });

  it('answers 404 for what is not there', async () => {
    expect(await failure(table.getEntity('no', 'one'))).toMatchObject({
      status: 404,
      code: 'ResourceNotFound',
    });
    expect((await failure(table.deleteEntity('no', 'one'))).status).toBe(404);
    expect((await failure(table.updateEntity({ partitionKey: 'no', rowKey: 'one' }))).status).toBe(404);
    const missing = tableClient(server, 'neverCreated');
    expect(await failure(missing.createEntity({ partitionKey: 'a', rowKey: 'b' }))).toMatchObject({
      status: 404,
      code: 'TableNotFound',
    });
  });

  it('merges, replaces and removes under an etag', async () => {
    const keys = { partitionKey: 'etag', rowKey: 'one' };
    const first = await table.createEntity({ ...keys, a: 1, b: 'kept', c: 5n });
    const etag = first.etag ?? '';
    const merged = await table.updateEntity({ ...keys, a: 2, c: 'text now' }, 'Merge', { etag });
    expect(merged.etag).not.toBe(etag);
    expect(await table.getEntity('etag', 'one')).toMatchObject({ a: 2, b: 'kept', c: 'text now' });
    const stale = { status: 412, code: 'UpdateConditionNotSatisfied' };
    expect(await failure(table.updateEntity({ ...keys, a: 3 }, 'Merge', { etag }))).toMatchObject(stale);
    expect(await failure(table.updateEntity({ ...keys, a: 3 }, 'Replace', { etag }))).toMatchObject(stale);
    expect(await failure(table.deleteEntity('etag', 'one', { etag }))).toMatchObject(stale);
    await table.updateEntity({ ...keys, z: true }, 'Replace', { etag: merged.etag ?? '' });
    const replaced: TableEntityResult<Record<string, unknown>> = await table.getEntity('etag', 'one');
    expect(replaced).toMatchObject({ z: true });
    expect(replaced).not.toHaveProperty('b');
    await table.deleteEntity('etag', 'one', { etag: replaced.etag });
    expect((await failure(table.getEntity('etag', 'one'))).status).toBe(404);
  });

  it('upserts in both modes', async () => {
    const keys = { partitionKey: 'upsert', rowKey: 'one' };
    await table.upsertEntity({ ...keys, a: 1 }, 'Merge');
    await table.upsertEntity({ ...keys, b: 2 }, 'Merge');
    expect(await table.getEntity('upsert', 'one')).toMatchObject({ a: 1, b: 2 });
    await table.upsertEntity({ ...keys, c: 3 }, 'Replace');
    const read = await table.getEntity<Record<string, unknown>>('upsert', 'one');
    expect(read['c']).toBe(3);
    expect(read).not.toHaveProperty('a');
  });

  it('selects properties', async () => {
    await table.upsertEntity({ partitionKey: 'select', rowKey: 'one', a: 1, b: 2n, c: 'no' });
    const read = await table.getEntity<Record<string, unknown>>('select', 'one', {
      queryOptions: { select: ['rowKey', 'a', 'b'] },
    });
    expect(read).toMatchObject({ rowKey: 'one', a: 1, b: 2n });
    expect(read).not.toHaveProperty('c');
    expect(read).not.toHaveProperty('partitionKey');
  });

  it('refuses keys, values and sizes that the service refuses', async () => {
    const keys = { partitionKey: 'bad', rowKey: 'one' };
    for (const rowKey of ['a/b', 'a\\b', 'a#b', 'a?b', 'a\u0001b', 'x'.repeat(1100)]) {
      expect((await failure(table.createEntity({ partitionKey: 'bad', rowKey }))).status).toBe(400);
    }
    expect(await failure(table.createEntity({ ...keys, big: 'x'.repeat(32 * 1024 + 1) }))).toMatchObject({
      status: 400,
      code: 'PropertyValueTooLarge',
    });
    await table.createEntity({ ...keys, big: 'x'.repeat(32 * 1024) });
  });

  it('refuses a wrong key', async () => {
    const wrong = server.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${btoa('wrong')}`);
    const client = TableClient.fromConnectionString(wrong, table.tableName, {
      allowInsecureConnection: true,
      retryOptions: { maxRetries: 0 },
    });
    expect((await failure(client.getEntity('a', 'b'))).status).toBe(403);
  });
});
