import { TableClient } from '@azure/data-tables';
import { createPorts } from '../../adapters/ports-factory';
import { tablesInProcess } from '../../adapters/tables/in-process';
import { RowRequests } from '../../adapters/tables/row-requests';
import { Table } from '../../adapters/tables/table';
import { offerServices } from '../../local/host/in-process';
import { openStore, type Store } from '../../local/store/store';
import { startTables, type Tables } from '../../local/tables/tables';

/* Tables in the process of the app: the ports find them without a socket, and without a signature. */
let store: Store;
let tables: Tables;
let takeBack: () => void;
beforeEach(async () => {
  store = openStore(':memory:');
  tables = await startTables({ store, key: Buffer.from('key').toString('base64') });
  // Nobody listens any more: what is answered was answered in the process.
  await tables.stop();
  const origin = new URL(tables.url).origin;
  takeBack = offerServices(process, new Map([[origin, (request) => tables.inProcess(request)]]));
});
afterEach(async () => {
  takeBack();
  await store.close();
});

const ports = () =>
  createPorts({ AzureWebJobsStorage: tables.connectionString, ATTENDANT_BLOB_DIR: 'unused' });

test('rows are written, changed, listed and missed as over HTTP', async () => {
  const { runs } = ports();
  const run = '01J00000000000000000000000';
  await runs.record({ run, kind: 'cloud', name: "it's", state: 'Running', requestedMs: 0 });
  await runs.record({ run, state: 'Succeeded', endedMs: 5 });
  expect(await runs.get(run)).toMatchObject({ name: "it's", state: 'Succeeded', endedMs: 5 });
  expect((await runs.list({ top: 10 })).rows.map((row) => row.run)).toEqual([run]);
  expect(await runs.get('01J00000000000000000000001')).toBeUndefined();
});

test('what a request says is refused with its code', async () => {
  const get = (path: string, body?: string) =>
    tables.inProcess({
      method: body === undefined ? 'GET' : 'POST',
      url: `${tables.url}${path}`,
      headers: {},
      body,
    });
  expect(await get('/nothing()')).toMatchObject({
    status: 404,
    headers: { 'x-ms-error-code': 'TableNotFound' },
  });
  expect(await get('/Tables', 'x'.repeat(5 * 1024 * 1024))).toMatchObject({ status: 413 });
});

test.each(['the short way', "the vendor's client"])(
  '%s writes rows that the other reads, and refuses alike',
  async (way) => {
    const inside = tablesInProcess(tables.connectionString);
    if (!inside) throw new Error('The tables are not offered.');
    const client = new TableClient(inside.url, 'some', inside.options);
    const rows = new RowRequests(inside.service, `${inside.url}/some`);
    const short = new Table(async () => ({ client, rows }));
    const long = new Table(async () => ({ client }));
    const [table, other] = way === 'the short way' ? [short, long] : [long, short];
    const key = { partition: "it's", row: 'ü 100%' };
    expect(await table.get(key)).toBeUndefined();
    expect(await table.insert(key, { text: 'a', number: 5, truth: false, absent: undefined })).toBe(true);
    expect(await table.insert(key, { text: 'b' })).toBe(false);
    const first = await other.get(key);
    expect(first).toMatchObject({ ...key, columns: { text: 'a', number: 5, truth: false } });
    expect(await table.get(key)).toEqual(first);
    await table.merge(key, { text: 'c' });
    expect(await table.replace(key, { text: 'd' }, first?.etag ?? '')).toBeUndefined();
    const second = await table.get(key);
    expect(second?.columns).toEqual({ text: 'c', number: 5, truth: false });
    const etag = await table.replace(key, { text: 'd' }, second?.etag ?? '');
    expect(await other.get(key)).toEqual({ ...key, etag, columns: { text: 'd' } });
    await table.put({ ...key, row: 'new' }, { text: 'e' });
    expect((await other.query({ partition: key.partition })).map(({ row }) => row)).toEqual(['new', key.row]);
    await expect(table.put(key, { text: 'x'.repeat(70_000) })).rejects.toMatchObject({ statusCode: 400 });
  },
);
