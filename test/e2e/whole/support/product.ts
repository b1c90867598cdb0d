import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startBroker } from '../../../../local/broker/broker';
import { VirtualClock } from '../../../../local/clock';
import { createLocalHost, type LocalHost } from '../../../../local/host/host';
import { startQueueAdmin } from '../../../../local/launcher/queue-admin';
import { openStore } from '../../../../local/store/store';
import { startTables } from '../../../../local/tables/tables';
import { loadTypeScriptNatively } from '../../../support/typescript-apps';

export const root = resolve(__dirname, '../../../..');

interface Running {
  host: LocalHost;
  stop(): Promise<void>;
}

/** The whole control plane in this process, with time that stands still: host, engine, broker, tables, app. */
export class SkippedTimeProduct {
  private readonly dir = mkdtempSync(join(tmpdir(), 'attendant-whole-'));
  private running: Running | undefined;

  constructor(private readonly settings: Record<string, string> = {}) {}

  /** Starts it, or starts it again on what it has stored, at this instant. */
  async start(atMs?: number): Promise<void> {
    await this.running?.stop();
    this.running = await startProduct(this.dir, new VirtualClock(atMs), this.settings);
  }

  get host(): LocalHost {
    if (!this.running) throw new Error('it is not started');
    return this.running.host;
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    this.running = undefined;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** @throws Error with status and answer unless the call succeeds. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(new URL(path, this.host.url), {
      method,
      ...(body === undefined
        ? {}
        : { body: body instanceof Buffer ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  }
}

async function startProduct(
  dir: string,
  clock: VirtualClock,
  more: Record<string, string>,
): Promise<Running> {
  loadTypeScriptNatively();
  const store = openStore(join(dir, 'attendant.db'));
  const key = Buffer.alloc(32, 7).toString('base64');
  const broker = await startBroker({ store, rootKey: { name: 'RootManageSharedAccessKey', key } });
  await broker.createQueue('agent-events', {});
  const tables = await startTables({ store, key });
  const admin = await startQueueAdmin(broker, key);
  const host = await createLocalHost({
    root,
    main: 'app.ts',
    store,
    clock,
    settings: {
      AzureWebJobsStorage: tables.connectionString,
      ServiceBusConnection: broker.connectionString(),
      ATTENDANT_BLOB_DIR: join(dir, 'blobs'),
      ATTENDANT_SECRETS_DIR: join(dir, 'secrets'),
      ATTENDANT_MACHINE_QUEUES_URL: admin.url,
      ATTENDANT_MACHINE_QUEUES_KEY: key,
      ...more,
    },
  });
  const stop = async (): Promise<void> => {
    await host.stop();
    await admin.stop();
    await broker.stop();
    await tables.stop();
    await store.close();
  };
  return { host, stop };
}
