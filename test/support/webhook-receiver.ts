import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cloudEvent, type CloudEvent } from '../../contracts/outgoing-events';

export interface Received {
  event: CloudEvent;
  body: string;
  headers: Record<string, string>;
}

/** Somebody else's endpoint for events, on a port of its own. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** Status of the next answers; `none`: the connection is closed without one, `hang`: nothing comes. */
  answer: number | 'none' | 'hang' = 204;
  /** Called for each event before it is answered. */
  onEvent: ((received: Received) => void) | undefined;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        );
        const received = { event: cloudEvent.parse(JSON.parse(body)), body, headers };
        this.received.push(received);
        this.onEvent?.(received);
        if (this.answer === 'none') request.socket.destroy();
        else if (this.answer !== 'hang') response.writeHead(this.answer).end();
      });
    });
  }

  static async open(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/events`;
  }

  /** Type and subject of what has come, in order. */
  get story(): string[] {
    return this.received.map(({ event }) => `${event.type.replace('attendant.', '')} ${event.subject}`);
  }

  get ids(): string[] {
    return this.received.map(({ event }) => event.id);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** As docs/outgoing-events.md shows it: true when one of the signatures is that of the secret and the attempt is of the last five minutes. */
export function isGenuine({ headers, body }: Received, secret: string, nowMs: number): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers;
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.replace('v1,', ''), 'base64');
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}
