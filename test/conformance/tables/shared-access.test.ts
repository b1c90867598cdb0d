import {
  AzureNamedKeyCredential,
  AzureSASCredential,
  generateAccountSas,
  generateTableSas,
  TableClient,
  TableServiceClient,
  type AccountSasOptions,
  type TableSasSignatureValues,
} from '@azure/data-tables';
import { collect, failure, freshTable, startOurs, tableServers, type TableServer } from './table-servers';

const OPTIONS = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
const HOUR_MS = 3_600_000;

/** The account's name, key and address. */
function accountOf({ connectionString }: TableServer): { credential: AzureNamedKeyCredential; url: string } {
  const field = (name: string): string => new RegExp(`${name}=([^;]+)`).exec(connectionString)?.[1] ?? '';
  const credential = new AzureNamedKeyCredential(field('AccountName'), field('AccountKey'));
  return { credential, url: field('TableEndpoint') };
}

/** A client that has only a signature for this table, good for an hour unless the values say otherwise. */
function tableBySas(server: TableServer, table: string, values: TableSasSignatureValues): TableClient {
  const { credential, url } = accountOf(server);
  const expiresOn = new Date(Date.now() + HOUR_MS);
  const sas = generateTableSas(table, credential, { expiresOn, ...values });
  return new TableClient(url, table, new AzureSASCredential(sas), OPTIONS);
}

function accountBySas(server: TableServer, options: AccountSasOptions): TableServiceClient {
  const { credential, url } = accountOf(server);
  const sas = generateAccountSas(credential, { expiresOn: new Date(Date.now() + HOUR_MS), ...options });
  return new TableServiceClient(url, new AzureSASCredential(sas), OPTIONS);
}

describe.each(tableServers)('shared access signatures of %s', (_name, start) => {
  let server: TableServer;
  let table: TableClient;

  beforeAll(async () => {
    server = await start();
    table = await freshTable(server);
    for (const rowKey of ['1', '2', '3']) await table.createEntity({ partitionKey: 'p', rowKey });
  });
  afterAll(() => server.stop());

  const byTable = (values: TableSasSignatureValues): TableClient =>
    tableBySas(server, table.tableName, values);

  it('permit what they name and refuse the rest', async () => {
    const reader = byTable({ permissions: { query: true } });
    expect(await collect(reader.listEntities())).toHaveLength(3);
    expect(await failure(reader.deleteEntity('p', '1'))).toMatchObject({ status: 403 });
    const writer = byTable({ permissions: { add: true, update: true } });
    await writer.upsertEntity({ partitionKey: 'w', rowKey: '1' });
    expect(await failure(writer.getEntity('w', '1'))).toMatchObject({ status: 403 });
    expect(await failure(writer.deleteEntity('w', '1'))).toMatchObject({ status: 403 });
    const adder = byTable({ permissions: { add: true } });
    expect(await failure(adder.upsertEntity({ partitionKey: 'w', rowKey: '2' }))).toMatchObject({
      status: 403,
    });
    await byTable({ permissions: { delete: true } }).deleteEntity('w', '1');
  });

  it.each<[string, TableSasSignatureValues]>([
    ['past', { expiresOn: new Date(Date.now() - HOUR_MS) }],
    [
      'not yet valid',
      { startsOn: new Date(Date.now() + HOUR_MS), expiresOn: new Date(Date.now() + 2 * HOUR_MS) },
    ],
    ['for HTTPS only', { protocol: 'https' }],
  ])('are refused when %s', async (_what, values) => {
    const client = byTable({ permissions: { query: true }, ...values });
    expect(await failure(client.getEntity('p', '1'))).toMatchObject({ status: 403 });
  });

  it('are refused for another table, with a changed field and for the table itself', async () => {
    const { credential, url } = accountOf(server);
    const sas = generateTableSas(table.tableName, credential, { permissions: { query: true } });
    const other = await freshTable(server);
    const misused = new TableClient(url, other.tableName, new AzureSASCredential(sas), OPTIONS);
    expect(await failure(collect(misused.listEntities()))).toMatchObject({ status: 403 });
    const forged = new AzureSASCredential(sas.replace('sp=r', 'sp=raud'));
    const forger = new TableClient(url, table.tableName, forged, OPTIONS);
    expect(await failure(forger.getEntity('p', '1'))).toMatchObject({ status: 403 });
    const owner = new TableClient(url, table.tableName, new AzureSASCredential(sas), OPTIONS);
    expect(await failure(owner.deleteTable())).toMatchObject({ status: 403 });
  });

  it('of the account reach every table, by the kind of resource', async () => {
    const lister = accountBySas(server, { permissions: { list: true }, resourceTypes: 'c' });
    expect((await collect(lister.listTables())).map((item) => item.name)).toContain(table.tableName);
    expect(await failure(lister.createTable('refused'))).toMatchObject({ status: 403 });
    const creator = accountBySas(server, { permissions: { write: true, delete: true }, resourceTypes: 'c' });
    await creator.createTable('bySas');
    await creator.deleteTable('bySas');
    const reader = accountBySas(server, { permissions: { query: true, list: true }, resourceTypes: 'o' });
    expect(await failure(collect(reader.listTables()))).toMatchObject({ status: 403 });
  });
});

// Azurite ignores addresses and ranges of keys, refuses these transactions and gives the errors no code.
describe('shared access signatures of local/tables alone', () => {
  let server: TableServer;
  let table: TableClient;

  beforeAll(async () => {
    server = await startOurs();
    table = await freshTable(server);
    for (const rowKey of ['1', '2', '3']) await table.createEntity({ partitionKey: 'p', rowKey });
  });
  afterAll(() => server.stop());

  const byTable = (values: TableSasSignatureValues): TableClient =>
    tableBySas(server, table.tableName, values);

  it('hold to a range of keys, also in transactions', async () => {
    const permissions = { query: true, add: true, update: true };
    const range = byTable({ permissions, startPartitionKey: 'p', startRowKey: '2', endPartitionKey: 'p' });
    expect((await collect(range.listEntities())).map((entity) => entity.rowKey)).toEqual(['2', '3']);
    expect(await failure(range.getEntity('p', '1'))).toMatchObject({ code: 'AuthorizationFailure' });
    const change = (rowKey: string): Promise<unknown> =>
      range.submitTransaction([['upsert', { partitionKey: 'p', rowKey }]]);
    await change('2');
    expect(await failure(change('1'))).toMatchObject({ status: 403, code: 'AuthorizationFailure' });
  });

  it('tell what they lack', async () => {
    const elsewhere = byTable({
      permissions: { query: true },
      ipRange: { start: '10.0.0.1', end: '10.0.0.9' },
    });
    expect(await failure(elsewhere.getEntity('p', '1'))).toMatchObject({
      code: 'AuthorizationSourceIPMismatch',
    });
    const here = byTable({ permissions: { query: true }, ipRange: { start: '127.0.0.1' } });
    expect(await here.getEntity('p', '1')).toMatchObject({ rowKey: '1' });
    expect(await failure(here.deleteEntity('p', '1'))).toMatchObject({
      code: 'AuthorizationPermissionMismatch',
    });
    expect(await failure(here.createTable())).toMatchObject({ code: 'AuthorizationResourceTypeMismatch' });
    const policy = byTable({ permissions: { query: true }, identifier: 'policy' });
    expect(await failure(policy.getEntity('p', '1'))).toMatchObject({ code: 'AuthenticationFailed' });
  });
});
