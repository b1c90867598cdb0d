import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { openStore } from '../../../local/store/store';
import { startTables } from '../../../local/tables/tables';

/** A Table service to hold the shared assertions against. */
export interface TableServer {
  connectionString: string;
  stop(): Promise<void>;
}

/** The key that Azurite is born with; ours takes any. */
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const ACCOUNT = 'devstoreaccount1';

/** `local/tables` on a file of its own. */
export async function startOurs(): Promise<TableServer> {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-tables-'));
  const store = openStore(join(folder, 'store.db'));
  const tables = await startTables({ store, key: KEY });
  return {
    connectionString: tables.connectionString,
    async stop() {
      await tables.stop();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

interface AzuriteServer {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}

async function startAzurite(): Promise<TableServer> {
  // Azurite exports no API for its Table service; these are the modules that its own command line is made of.
  const load = createRequire(__filename);
  const { default: Configuration } = load('azurite/dist/src/table/TableConfiguration') as {
    default: new (...values: unknown[]) => object;
  };
  const { default: Server } = load('azurite/dist/src/table/TableServer') as {
    default: new (configuration: object) => AzuriteServer;
  };
  const folder = mkdtempSync(join(tmpdir(), 'attendant-azurite-'));
  // host, port, keep-alive, database; logs off; then loose, any API version, no TLS; last: in memory only.
  const place = ['127.0.0.1', 0, 5, join(folder, 'tables.json')];
  const switches = [false, false, undefined, undefined, false, true, '', '', '', undefined, false, true];
  const configuration = new Configuration(...place, ...switches);
  const server = new Server(configuration);
  await server.start();
  const endpoint = `${server.getHttpServerAddress()}/${ACCOUNT}`;
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};TableEndpoint=${endpoint}`,
    async stop() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Both implementations, for `describe.each`. */
export const tableServers: [name: string, start: () => Promise<TableServer>][] = [
  ['local/tables', startOurs],
  ['Azurite', startAzurite],
];

const OPTIONS = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };

export function tableClient(server: TableServer, table: string): TableClient {
  return TableClient.fromConnectionString(server.connectionString, table, OPTIONS);
}

export function serviceClient(server: TableServer): TableServiceClient {
  return TableServiceClient.fromConnectionString(server.connectionString, OPTIONS);
}

let count = 0;

/** A client of a new table of its own. */
export async function freshTable(server: TableServer): Promise<TableClient> {
  count += 1;
  const client = tableClient(server, `fresh${count}`);
  await client.createTable();
  return client;
}

/** The error that a call ends with: HTTP status and the service's code. */
export async function failure(
  call: Promise<unknown>,
): Promise<{ status: number | undefined; code: string; message: string }> {
  try {
    await call;
  } catch (error) {
    const { statusCode, code, message, details } = error as {
      statusCode?: number;
      code?: string;
      message: string;
      details?: { odataError?: { code?: string } };
    };
    return { status: statusCode, code: details?.odataError?.code ?? code ?? '', message };
  }
  throw new Error('The call was expected to fail.');
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
