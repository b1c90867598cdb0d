import { createPorts } from '../../adapters/ports-factory';
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
