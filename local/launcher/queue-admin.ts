import { createServer, type IncomingMessage } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Broker } from '../broker/broker';

/**
 * Creates and removes machines' queues in the broker: what Azure Resource Manager does for the app on Azure. Loopback
 * only, with a key: PUT /queues/{name} {rules} and DELETE /queues/{name}.
 */
export interface QueueAdmin {
  url: string;
  stop(): Promise<void>;
}

const queueBody = z.object({
  rules: z.array(
    z.object({ name: z.string(), key: z.string(), rights: z.array(z.enum(['Listen', 'Send', 'Manage'])) }),
  ),
});

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function sameKey(given: string | undefined, key: string): boolean {
  const a = Buffer.from(given ?? '');
  const b = Buffer.from(key);
  return a.length === b.length && timingSafeEqual(a, b);
}

export async function startQueueAdmin(broker: Broker, key: string): Promise<QueueAdmin> {
  const handle = async (request: IncomingMessage): Promise<number> => {
    const header = request.headers['x-attendant-key'];
    if (!sameKey(typeof header === 'string' ? header : undefined, key)) return 401;
    const name = /^\/queues\/([a-zA-Z0-9-]{1,64})$/.exec(request.url ?? '')?.[1];
    if (!name) return 404;
    if (request.method === 'DELETE') await broker.deleteQueue(name);
    else if (request.method === 'PUT') {
      const body = queueBody.safeParse(await readBody(request));
      if (!body.success) return 400;
      await broker.createQueue(name, {
        rules: body.data.rules,
        duplicateDetectionWindowMs: 10 * 60_000,
        lockDurationMs: 60_000,
      });
    } else return 405;
    return 204;
  };
  const server = createServer((request, response) => {
    handle(request).then(
      (status) => response.writeHead(status).end(),
      (cause: unknown) => response.writeHead(500).end(cause instanceof Error ? cause.message : String(cause)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
