import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import {
  consoleControl,
  consoleKnock,
  consoleMode,
  consoleStart,
  consoleTicket,
  consoleWindow,
  endSession,
} from '../../contracts/console';
import { errorCatalogue, type ErrorCode } from '../../contracts/errors';
import { desktopRunId } from '../../contracts/ids';
import { AgentError, messageOf } from '../errors';
import type { Access } from './access';
import type { Console } from './console';
import { pageFile, PAGE_POLICY } from './pages/page-files';
import type { RunBoard } from './run-board';
import type { SessionKeeper } from './session-keeper';

const MAX_BODY = 256 * 1024;
/** Progress may come faster than a page can use it. */
const EVENTS_EVERY_MS = 100;

export interface ConsoleServerParts {
  console: Console;
  board: Pick<RunBoard, 'onChange'>;
  access: Access;
  sessions: SessionKeeper;
  /** 0: any free one. */
  port: number;
  openWindow(user: string, page: string): void;
}

/** The local pages and what they ask (contracts/console.ts), on the loopback address only. */
export class ConsoleServer {
  private readonly server: Server;
  private readonly streams = new Set<ServerResponse>();

  constructor(private readonly parts: ConsoleServerParts) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => problem(response, error));
    });
  }

  /** @returns the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(this.parts.port, '127.0.0.1', resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const stream of this.streams) stream.end();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.refuseForeign(request);
    const { method = 'GET', url = '/' } = request;
    const { pathname } = new URL(url, 'http://127.0.0.1');
    if (!pathname.startsWith('/api/')) return page(response, method, pathname);
    const { access, console } = this.parts;
    const call = `${method} ${pathname}`;
    if (call === 'POST /api/knock') {
      const { user } = await body(request, consoleKnock);
      if (!(await access.knock(user))) throw refused('Forbidden', `${user} is no user of this machine.`);
      return nothing(response);
    }
    if (call === 'POST /api/session') {
      const token = access.redeem((await body(request, consoleTicket)).ticket);
      if (token === undefined) throw refused('Unauthorized', 'This address was used before, or is too old.');
      return json(response, { token });
    }
    const user = access.user(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (user === undefined) throw refused('Unauthorized', 'Open the console by: attendant-agent console');
    switch (call) {
      case 'POST /api/tickets':
        return json(response, { ticket: access.ticket(user) });
      case 'GET /api/state':
        return json(response, console.state(user));
      case 'GET /api/events':
        return this.stream(response, user);
      case 'GET /api/flows':
        return json(response, { flows: await console.flows() });
      case 'GET /api/sessions':
        return json(response, { sessions: this.parts.sessions.list(user) });
      case 'PUT /api/notifications':
        await console.setMode(user, (await body(request, consoleMode)).mode);
        return nothing(response);
      case 'POST /api/windows':
        this.parts.openWindow(user, (await body(request, consoleWindow)).page);
        return nothing(response);
      case 'POST /api/runs': {
        const { flow, inputs } = await body(request, consoleStart);
        return json(response, { run: await console.start(user, flow, inputs) }, 202);
      }
    }
    const session = /^POST \/api\/sessions\/([^/]+)$/.exec(call)?.[1];
    if (session !== undefined) {
      await this.parts.sessions.end(user, decodeURIComponent(session), await body(request, endSession));
      return nothing(response);
    }
    const run = desktopRunId.safeParse(pathname.replace(/^\/api\/runs\//, ''));
    if (method !== 'POST' || !run.success) throw refused('EndpointDoNotExist', call);
    await console.control(user, run.data, (await body(request, consoleControl)).what);
    return nothing(response);
  }

  /** Neither a name that leads here from outside nor another page may use what listens here. @throws AgentError Forbidden. */
  private refuseForeign({ headers: { host, origin } }: IncomingMessage): void {
    const { port } = this.server.address() as AddressInfo;
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    const known = hosts.includes(host ?? '') && (origin === undefined || origin === `http://${host}`);
    if (!known) throw refused('Forbidden', 'Only pages of this console may ask.');
  }

  /** Server-sent events: the whole state whenever it changes. */
  private stream(response: ServerResponse, user: string): void {
    const { console, board } = this.parts;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.streams.add(response);
    let sent = '';
    const send = (): void => {
      const text = JSON.stringify(console.state(user));
      if (text === sent) return;
      sent = text;
      response.write(`data: ${text}\n\n`);
    };
    let soon: NodeJS.Timeout | undefined;
    const stop = board.onChange((run) => {
      if (run.owner !== user) return;
      soon ??= setTimeout(() => {
        soon = undefined;
        send();
      }, EVENTS_EVERY_MS);
    });
    // Whether the control plane is there changes without a run.
    const nowAndThen = setInterval(send, 2_000);
    response.once('close', () => {
      stop();
      clearTimeout(soon);
      clearInterval(nowAndThen);
      this.streams.delete(response);
    });
    send();
  }
}

function page(response: ServerResponse, method: string, pathname: string): void {
  const file = method === 'GET' ? pageFile(pathname) : undefined;
  if (!file) throw refused('EndpointDoNotExist', pathname);
  response.writeHead(200, {
    'content-type': `${file.type}; charset=utf-8`,
    'content-security-policy': PAGE_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  response.end(file.text);
}

/** @throws AgentError InvalidBody, BodyTooLarge. */
async function body<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY) throw refused('BodyTooLarge', `Bodies of at most ${MAX_BODY} bytes are taken.`);
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw refused('MalformedJson', messageOf(error));
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refused('InvalidBody', z.prettifyError(parsed.error));
  return parsed.data;
}

function refused(code: ErrorCode, message: string): AgentError {
  return new AgentError(code, message);
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(JSON.stringify(value));
}

function nothing(response: ServerResponse): void {
  response.writeHead(204).end();
}

function problem(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.end();
  const { code, remedy } =
    error instanceof AgentError
      ? error
      : { code: 'Internal' as const, remedy: errorCatalogue.Internal.remedy };
  const entry = code in errorCatalogue ? errorCatalogue[code as ErrorCode] : undefined;
  const detail = messageOf(error);
  const text = JSON.stringify({
    type: `urn:attendant:error:${code}`,
    title: entry?.message ?? detail,
    status: entry?.status ?? 503,
    detail,
    code,
    remedy,
  });
  response.writeHead(entry?.status ?? 503, { 'content-type': 'application/problem+json' }).end(text);
}
