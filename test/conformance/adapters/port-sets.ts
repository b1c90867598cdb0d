import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ports } from '../../../adapters/ports';
import { createPorts } from '../../../adapters/ports-factory';
import { tableServers, type TableServer } from '../tables/table-servers';

/** The ports over one implementation of what lies beneath; `reopen` gives new ones on the same data, as another process has them. */
export interface PortSet {
  ports: Ports;
  reopen(): Ports;
  /** Time that the ports see (ms). */
  time: { nowMs: number };
  stop(): Promise<void>;
}

interface BlobServer {
  settings: Record<string, string>;
  /** Added to the connection string of the storage account. */
  endpoint: string;
  stop(): Promise<void>;
}

async function fileBlobs(folder: string): Promise<BlobServer> {
  return {
    settings: { ATTENDANT_BLOB_DIR: join(folder, 'blobs') },
    endpoint: '',
    stop: async () => undefined,
  };
}

interface AzuriteBlobServer {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}

async function azuriteBlobs(folder: string): Promise<BlobServer> {
  // Azurite exports no API for its Blob service; these are the modules that its own command line is made of.
  const load = createRequire(__filename);
  const { default: Configuration } = load('azurite/dist/src/blob/BlobConfiguration') as {
    default: new (...values: unknown[]) => object;
  };
  const { default: Server } = load('azurite/dist/src/blob/BlobServer') as {
    default: new (configuration: object) => AzuriteBlobServer;
  };
  const place = ['127.0.0.1', 0, 5, join(folder, 'blobs.json'), join(folder, 'extents.json')];
  const persistence = [{ locationId: 'Default', locationPath: join(folder, 'blobs'), maxConcurrency: 5 }];
  // logs off; then loose, any API version, no TLS; last: on disk.
  const switches = [false, undefined, false, undefined, false, true, '', '', '', undefined, false, false];
  const server = new Server(new Configuration(...place, persistence, ...switches));
  await server.start();
  return {
    settings: {},
    endpoint: `;BlobEndpoint=${server.getHttpServerAddress()}/devstoreaccount1`,
    stop: () => server.close(),
  };
}

async function start(
  startTables: () => Promise<TableServer>,
  startBlobs: (folder: string) => Promise<BlobServer>,
): Promise<PortSet> {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-ports-'));
  const tables = await startTables();
  const blobs = await startBlobs(folder);
  const time = { nowMs: Date.UTC(2026, 0, 31, 23, 59) };
  const environment = {
    ...blobs.settings,
    AzureWebJobsStorage: `${tables.connectionString}${blobs.endpoint}`,
    ATTENDANT_SECRETS_DIR: join(folder, 'secrets'),
  };
  const reopen = (): Ports => createPorts(environment, { now: () => time.nowMs });
  return {
    ports: reopen(),
    reopen,
    time,
    async stop() {
      await tables.stop();
      await blobs.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const blobServers: Record<string, (folder: string) => Promise<BlobServer>> = { Azurite: azuriteBlobs };

/** Every implementation, for `describe.each`. */
export const portSets: [name: string, open: () => Promise<PortSet>][] = tableServers.map(
  ([name, startTables]) => [
    name === 'Azurite' ? 'Azurite' : `${name} and files`,
    () => start(startTables, blobServers[name] ?? fileBlobs),
  ],
);
