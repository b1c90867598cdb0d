import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Logger } from 'pino';
import { z } from 'zod';
import { AGENT_EVENTS_QUEUE } from '../../contracts/agent-protocol';
import { startBroker, type Broker } from '../broker/broker';
import { SystemClock } from '../clock';
import { createLocalHost, type LocalHost } from '../host/host';
import { openStore, type Store } from '../store/store';
import { startTables, type Tables } from '../tables/tables';
import {
  loadKeys,
  loadPorts,
  openDataDir,
  savePorts,
  writePrivateJson,
  type DataDir,
  type Keys,
} from './data-dir';
import { openHostLog } from './host-log';
import { HOST_REFUSED, type HostMessage } from './messages';
import { PeopleFile } from './people-file';
import { startQueueAdmin, type QueueAdmin } from './queue-admin';

/**
 * The control plane in one process: Functions host with the built app, Durable engine, broker and tables on one SQLite
 * file. Started by the launcher; ends when the launcher does.
 */
interface Parts {
  store: Store;
  broker: Broker;
  tables: Tables;
  admin: QueueAdmin;
}

const LOCK_WAIT_MS = 10_000;
const LOCK_RETRY_MS = 100;

/** After a crash of the launcher the former host may take a moment to notice and let go of the file. */
async function openWhenFree(path: string): Promise<Store> {
  const giveUpAt = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      return openStore(path);
    } catch (cause) {
      const locked = cause instanceof Error && 'code' in cause && cause.code === 'StoreInUse';
      if (!locked || Date.now() > giveUpAt) throw cause;
      await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS));
    }
  }
}

function portTaken(cause: unknown): boolean {
  return (
    cause instanceof Error && 'code' in cause && ['EADDRINUSE', 'PortInUse'].includes(String(cause.code))
  );
}

/** Agents look for broker and API where they were before; any other port will do when that one is taken. */
async function onKnownPort<T>(port: number | undefined, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(port ?? 0);
  } catch (cause) {
    if (!portTaken(cause)) throw cause;
    return start(0);
  }
}

/** On Azure the templates make what the app's settings name. */
async function createEventQueues(
  broker: Broker,
  names: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { ATTENDANT_EVENT_QUEUE: queue, ATTENDANT_EVENT_TOPIC: topic } = names;
  if (queue) await broker.createQueue(queue);
  if (topic) await broker.createSubscription(topic, names['ATTENDANT_EVENT_SUBSCRIPTION'] ?? 'attendant');
}

async function startParts(
  dir: DataDir,
  keys: Keys,
  log: Logger,
  names: Readonly<Record<string, string | undefined>>,
): Promise<Parts> {
  const store = await openWhenFree(dir.database);
  const ports = loadPorts(dir);
  const rootKey = { name: 'RootManageSharedAccessKey', key: keys.broker };
  const broker = await onKnownPort(ports?.broker, (port) =>
    startBroker({ store, port, rootKey, log: (message, detail) => log.info(detail, message) }),
  );
  const tables = await onKnownPort(ports?.tables, (port) =>
    startTables({ store, port, key: keys.tables, log }),
  );
  savePorts(dir, { ...ports, broker: broker.port, tables: tables.port });
  await broker.createQueue(AGENT_EVENTS_QUEUE, {
    duplicateDetectionWindowMs: 10 * 60_000,
    lockDurationMs: 60_000,
  });
  await createEventQueues(broker, names);
  const admin = await startQueueAdmin(broker, keys.broker);
  return { store, broker, tables, admin };
}

function endpointSettings(dir: DataDir, keys: Keys, parts: Parts): Record<string, string> {
  return {
    AzureWebJobsStorage: parts.tables.connectionString,
    ServiceBusConnection: parts.broker.connectionString(),
    ATTENDANT_BLOB_DIR: dir.blobs,
    ATTENDANT_SECRETS_DIR: dir.secrets,
    ATTENDANT_MACHINE_QUEUES_URL: parts.admin.url,
    ATTENDANT_MACHINE_QUEUES_KEY: keys.broker,
    // The host says whose a key is, as App Service authentication says who has signed in.
    ATTENDANT_EASY_AUTH: 'true',
  };
}

const settingsFile = z.object({
  Values: z.record(z.string(), z.string()).optional(),
  Host: z
    .object({ LocalHttpPort: z.int().min(0).max(65_535) })
    .partial()
    .optional(),
});

/** Makes local.settings.json from the sample on first use. */
function readConfigured(root: string): { port: number; values: Record<string, string> } {
  const path = join(root, 'local.settings.json');
  if (!existsSync(path)) copyFileSync(join(root, 'local.settings.sample.json'), path);
  const { Host, Values } = settingsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  return { port: Host?.LocalHttpPort ?? 7071, values: Values ?? {} };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { root: { type: 'string' }, data: { type: 'string' }, port: { type: 'string' } },
  });
  const root = values.root ?? process.cwd();
  const dir = openDataDir(values.data ?? join(root, '.attendant'));
  const keys = loadKeys(dir);
  const log = openHostLog(dir.root);
  const people = new PeopleFile(dir.people, (problem) => log.error(problem));
  const configured = readConfigured(root);
  const parts = await startParts(dir, keys, log, { ...configured.values, ...process.env });
  const startHost = (httpPort: number): Promise<LocalHost> =>
    createLocalHost({
      root,
      store: parts.store,
      clock: new SystemClock(),
      httpPort,
      settings: endpointSettings(dir, keys, parts),
      keys: { master: keys.master, default: keys.default, system: keys.system },
      authEnabled: true,
      signIn: {
        owner: { name: 'owner', roles: ['owner'] },
        personOf: (key) => people.personOf(key),
      },
      log,
      inProcess: new Map([[new URL(parts.tables.url).origin, (request) => parts.tables.inProcess(request)]]),
      serviceBus: parts.broker.inside,
    });
  const port = values.port === undefined ? configured.port : Number(values.port);
  const ports = loadPorts(dir) ?? { broker: parts.broker.port, tables: parts.tables.port };
  const host = await (port === 0 ? onKnownPort(ports.http, startHost) : startHost(port));
  savePorts(dir, { ...ports, http: Number(new URL(host.url).port) });
  writePrivateJson(dir.endpointFile, { url: host.url, key: keys.default, pid: process.pid });
  const tell = (message: HostMessage): void => void process.send?.(message);
  tell({ kind: 'ready', url: host.url, pid: process.pid });

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    rmSync(dir.endpointFile, { force: true });
    await host.stop();
    await parts.admin.stop();
    await parts.broker.stop();
    await parts.tables.stop();
    await parts.store.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(signal, () => void stop());
}

// A launcher that was killed reads our lines no more; the end in order needs them not.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

main().catch((cause: unknown) => {
  console.error(cause instanceof Error ? cause.message : String(cause));
  if (process.env['ATTENDANT_DEBUG']) console.error(cause);
  process.exit(HOST_REFUSED);
});
