import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ArmMachineQueues } from '../../adapters/machine-queues/arm-machine-queues';
import { LocalMachineQueues } from '../../adapters/machine-queues/local-machine-queues';

const MACHINE = `m-${'0'.repeat(26)}`;
const EXPIRES = Date.UTC(2026, 0, 1);

interface Seen {
  method: string;
  path: string;
  headers: Record<string, unknown>;
  body: unknown;
}

/** A server that answers all with `answer` and remembers what it was asked. */
async function listen(answer: (seen: Seen) => { status: number; body?: unknown }) {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      seen.push(asked);
      const { status, body: said } = answer(asked);
      response.writeHead(status).end(said === undefined ? undefined : JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, seen, stop };
}

function signedBy(connectionString: string, key: string): boolean {
  const [, sr = '', sig = '', se = ''] = /sr=([^&]+)&sig=([^&]+)&se=(\d+)/.exec(connectionString) ?? [];
  return createHmac('sha256', key).update(`${sr}\n${se}`).digest('base64') === decodeURIComponent(sig);
}

describe('machine queues of the local broker', () => {
  it('makes the queue with the key that later opens it, also after a restart', async () => {
    const broker = await listen(() => ({ status: 204 }));
    const options = { url: broker.url, key: 'admin', endpoint: 'sb://127.0.0.1:5672', emulator: true };
    try {
      await new LocalMachineQueues(options).ensure(MACHINE);
      const { commands, events } = await new LocalMachineQueues(options).access(MACHINE, EXPIRES);
      expect(broker.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
        `PUT /queues/${MACHINE}`,
        'PUT /queues/agent-events',
      ]);
      expect(broker.seen[0]?.headers['x-attendant-key']).toBe('admin');
      const [listenRule, sendRule] = broker.seen.map(
        (seen) => (seen.body as { rules: [{ name: string; key: string; rights: string[] }] }).rules[0],
      );
      expect(listenRule).toMatchObject({ name: 'agent-listen', rights: ['Listen'] });
      expect(sendRule).toMatchObject({ name: 'agent-send', rights: ['Send'] });
      expect(commands).toContain(
        'Endpoint=sb://127.0.0.1:5672/;SharedAccessSignature=SharedAccessSignature sr=',
      );
      expect(commands).toContain(encodeURIComponent(`sb://127.0.0.1:5672/${MACHINE}`));
      expect(commands).toMatch(/;UseDevelopmentEmulator=true$/);
      expect(signedBy(commands, listenRule?.key ?? '')).toBe(true);
      expect(signedBy(events, sendRule?.key ?? '')).toBe(true);
    } finally {
      await broker.stop();
    }
  });

  it('removes a queue, also one that is gone, and says what the broker refused', async () => {
    const broker = await listen(({ method }) => ({ status: method === 'DELETE' ? 404 : 401 }));
    const queues = new LocalMachineQueues({ url: broker.url, key: 'k', endpoint: 'sb://x', emulator: true });
    try {
      await queues.remove(MACHINE);
      await expect(queues.ensure(MACHINE)).rejects.toThrow('the broker answered 401');
    } finally {
      await broker.stop();
    }
  });
});

describe('machine queues by Azure Resource Manager', () => {
  it('makes queue and rule, and signs with keys that it asks for once', async () => {
    const resourceId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ServiceBus/namespaces/n';
    const arm = await listen(({ path }) => ({
      status: 200,
      body: { primaryKey: path.includes(MACHINE) ? 'one' : 'two' },
    }));
    const scopes: string[] = [];
    const queues = new ArmMachineQueues({
      resourceId,
      namespace: 'n.servicebus.windows.net',
      management: arm.url,
      identity: { bearer: async (scope) => (scopes.push(scope), 'token') },
      now: () => 0,
    });
    try {
      await queues.ensure(MACHINE);
      const { commands, events } = await queues.access(MACHINE, EXPIRES);
      await queues.access(MACHINE, EXPIRES);
      await queues.remove(MACHINE);
      const version = '?api-version=2024-01-01';
      const queue = `${resourceId}/queues/${MACHINE}`;
      expect(arm.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
        `PUT ${queue}${version}`,
        `PUT ${queue}/authorizationRules/agent-listen${version}`,
        `POST ${queue}/authorizationRules/agent-listen/listKeys${version}`,
        `POST ${resourceId}/queues/agent-events/authorizationRules/agent-send/listKeys${version}`,
        `DELETE ${queue}${version}`,
      ]);
      expect(arm.seen[0]?.headers['authorization']).toBe('Bearer token');
      expect(scopes[0]).toBe(`${arm.url}/.default`);
      expect(commands).not.toContain('Emulator');
      expect(signedBy(commands, 'one')).toBe(true);
      expect(signedBy(events, 'two')).toBe(true);
    } finally {
      await arm.stop();
    }
  });
});
