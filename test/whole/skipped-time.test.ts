import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startBroker } from '../../local/broker/broker';
import { VirtualClock } from '../../local/clock';
import { createLocalHost, type LocalHost } from '../../local/host/host';
import { startQueueAdmin } from '../../local/launcher/queue-admin';
import { zipFolder } from '../../local/launcher/zip-folder';
import { openStore } from '../../local/store/store';
import { startTables } from '../../local/tables/tables';
import { loadTypeScriptNatively } from '../support/typescript-apps';

const root = resolve(__dirname, '../..');

/** The whole control plane in this process, with time that stands still: host, engine, broker, tables, app. */
async function startProduct(
  dir: string,
  clock = new VirtualClock(),
): Promise<{ host: LocalHost; stop: () => Promise<void> }> {
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

function publicKey(type: 'ed25519' | 'x25519'): string {
  const { publicKey: key } =
    type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

describe('the whole product with skipped time', () => {
  let dir: string;
  let product: Awaited<ReturnType<typeof startProduct>>;

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(new URL(path, product.host.url), {
      method,
      ...(body === undefined
        ? {}
        : { body: body instanceof Buffer ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  }

  async function registerMachine(): Promise<string> {
    const { token } = await call<{ token: string }>('POST', '/api/registration-tokens', {});
    const { machine } = await call<{ machine: string }>('POST', '/api/agent/register', {
      token,
      name: 'never-there',
      publicKey: publicKey('ed25519'),
      sealingKey: publicKey('x25519'),
      installation: 'a-folder',
      report: {
        os: 'linux',
        osVersion: '1',
        agentVersion: '1',
        hostname: 'h',
        maxSessions: 1,
        rds: false,
        multipleSessionsPerUser: false,
        sessions: [],
        runners: ['node'],
      },
    });
    return machine;
  }

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'attendant-whole-'));
    product = await startProduct(dir);
  });
  afterAll(async () => {
    await product.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('L7, F7: three hours pass and a run whose machine never came is TimedOut with NoCandidateMachine', async () => {
    const machine = await registerMachine();
    await call('PUT', '/api/connections/c', { target: { kind: 'machine', id: machine } });
    await call('PUT', '/api/desktop-flows/noop', await zipFolder(join(root, 'bench/noop')));
    await call(
      'PUT',
      '/api/flows/bench',
      JSON.parse(readFileSync(join(root, 'bench/noop-flow.json'), 'utf8')),
    );
    const { run } = await call<{ run: string }>('POST', '/api/flows/bench/run', { connection: 'c' });
    interface View {
      status: string;
      requestedAt: string;
      endedAt?: string;
      error?: { code: string; message: string };
    }
    await product.host.advance({ hours: 2, minutes: 59 });
    expect((await call<View>('GET', `/api/runs/${run}`)).status).toBe('Running');
    await product.host.advance({ minutes: 2 });
    const view = await call<View>('GET', `/api/runs/${run}`);
    expect(view).toMatchObject({ status: 'TimedOut', error: { code: 'NoCandidateMachine' } });
    expect(view.error?.message).toContain('No machine able to run the desktop flow has been found.');
    expect(Date.parse(view.endedAt ?? '') - Date.parse(view.requestedAt)).toBe(3 * 3_600_000);
  });

  test('A8: a run that is past its days is removed, and what belonged to it', async () => {
    const flow = {
      name: 'say',
      triggers: { manual: { type: 'Request', kind: 'Http' } },
      actions: {
        Each: {
          type: 'Foreach',
          foreach: '@createArray(1, 2)',
          actions: { Say: { type: 'Compose', inputs: 1 } },
        },
      },
    };
    await call('PUT', '/api/flows/say', flow);
    const { run } = await call<{ run: string }>('POST', '/api/flows/say/run', {});
    await product.host.advance({ minutes: 1 });
    expect(await call('GET', `/api/runs/${run}`)).toMatchObject({ status: 'Succeeded' });
    const { requestedAt } = await call<{ requestedAt: string }>('GET', `/api/runs/${run}`);
    await product.stop();
    product = await startProduct(dir, new VirtualClock(Date.parse(requestedAt) + 31 * 24 * 3_600_000));
    await product.host.advance({ minutes: 2 });
    await expect(call('GET', `/api/runs/${run}`)).rejects.toThrow('RunNotFound');
    const { runs } = await call<{ runs: unknown[] }>('GET', '/api/runs?flow=say');
    expect(runs).toEqual([]);
  });
});
