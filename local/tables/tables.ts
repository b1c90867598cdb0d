import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock, type Clock } from '../clock';
import type { Store } from '../store/store';
import { jsonType, type TableAnswer } from './answer';
import { EntityStore } from './entity-store';
import { ChangeTimes } from './entity-time';
import { FULL_PERMIT, type Permit } from './permit';
import { splitUrl } from './route';
import { SharedAccessCheck } from './shared-access';
import { SharedKeyCheck } from './shared-key';
import { errorBody, TableError, tableErrors } from './table-error';
import { TableService } from './table-service';

export interface TablesOptions {
  store: Store;
  /** Source of `Timestamp`; default the system's. */
  clock?: Clock;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Default `devstoreaccount1`. */
  account?: string;
  /** The account key, base64. */
  key: string;
  /** Told about errors that are ours, not the caller's. */
  log?: TablesLog;
}

/** The part of a pino logger that the tables use. */
export interface TablesLog {
  error(details: object, message: string): void;
}

/** A request without a socket. Header names in lower case. */
export interface InProcessTableRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
}

export interface InProcessTableAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
}

/** A running Table service. */
export interface Tables {
  readonly port: number;
  /** `http://host:port/account`. */
  readonly url: string;
  /** For `TableClient.fromConnectionString(…, { allowInsecureConnection: true })`. */
  readonly connectionString: string;
  /**
   * For callers in this process whose own answers wait for the disk: no signature is asked for, and writes are answered before they are
   * on disk. What is read is on disk.
   */
  inProcess(request: InProcessTableRequest): Promise<InProcessTableAnswer>;
  /** Answers what is under way, then closes. */
  stop(): Promise<void>;
}

/** Limit of the service for one request. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const API_VERSION = '2019-02-02';
/** Longer than any client keeps an idle connection, so that no request meets a connection that just closed. */
const KEEP_ALIVE_MS = 120_000;

/**
 * Serves the part of the Azure Table REST API that the app uses, on the shared store (see README.md beside this file).
 * @throws Error when the port is taken or the key is no base64.
 */
export async function startTables(options: TablesOptions): Promise<Tables> {
  const { host = '127.0.0.1', port = 0, account = 'devstoreaccount1' } = options;
  const server = new TablesServer(options, account);
  await server.listen(host, port);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}/${account}`;
  return {
    port: server.port,
    url,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${options.key};TableEndpoint=${url}`,
    inProcess: (request) => server.inProcess(request),
    stop: () => server.stop(),
  };
}

interface AuthorizedRequest {
  id: string;
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>;
  permit: Permit;
  body: string;
}

class TablesServer {
  private readonly http: Server;
  private readonly check: SharedKeyCheck;
  private readonly sharedAccess: SharedAccessCheck;
  private readonly service: TableService;
  private readonly underWay = new Set<Promise<void>>();
  /** The barrier of the latest write, until it is passed. */
  private unsettled: Promise<void> | undefined;

  constructor(
    private readonly options: TablesOptions,
    private readonly account: string,
  ) {
    const { store, clock = new SystemClock(), key } = options;
    this.check = new SharedKeyCheck(account, key);
    this.sharedAccess = new SharedAccessCheck({ account, key });
    const entities = new EntityStore(store);
    this.service = new TableService({ store, entities, times: new ChangeTimes(clock), account });
    this.http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      const work = this.serve(request, response).finally(() => this.underWay.delete(work));
      this.underWay.add(work);
    });
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.http.once('error', (cause) =>
        reject(new Error(`The tables cannot listen on ${host}:${port}: ${cause.message}`, { cause })),
      );
      this.http.listen(port, host, resolve);
    });
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    await Promise.all(this.underWay);
    this.http.closeAllConnections();
    await closed;
  }

  async inProcess({ method, url, headers, body = '' }: InProcessTableRequest): Promise<InProcessTableAnswer> {
    const id = randomUUID();
    const { origin, host } = new URL(url);
    const request = { method, url: url.slice(origin.length), headers: { ...headers, host } };
    let answer: TableAnswer;
    try {
      if (Buffer.byteLength(body) > MAX_BODY_BYTES) throw tableErrors.bodyTooLarge(MAX_BODY_BYTES);
      if (method === 'GET') await this.options.store.durable();
      answer = this.handle({ id, request, permit: FULL_PERMIT, body });
    } catch (error) {
      answer = this.errorAnswer(id, request, error);
    }
    return { status: answer.status, headers: answer.headers, body: answer.body };
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = randomUUID();
    let answer: TableAnswer;
    try {
      const permit = this.permitOf(request);
      const body = await readBody(request);
      answer = await this.answer({ id, request, permit, body });
    } catch (error) {
      answer = this.errorAnswer(id, request, error);
    }
    send(request, response, id, answer);
  }

  /** @throws TableError when the request is signed with neither the account key nor a shared access signature. */
  private permitOf(request: IncomingMessage): Permit {
    const query = new URLSearchParams(request.url?.split('?', 2)[1]);
    if (request.headers.authorization === undefined && query.has('sig')) {
      return this.sharedAccess.verify(query, request.socket.remoteAddress ?? '');
    }
    this.check.verify(request);
    return FULL_PERMIT;
  }

  private async answer(request: AuthorizedRequest): Promise<TableAnswer> {
    try {
      const answer = this.handle(request);
      if (answer.changed) this.wrote();
      return answer;
    } finally {
      // Refusals and reads tell what was written, too: nobody may learn of a write that a crash could still undo.
      await this.unsettled;
    }
  }

  private handle({ id, request, permit, body }: AuthorizedRequest): TableAnswer {
    const url = splitUrl(request.url ?? '', this.account);
    if (!url) throw tableErrors.invalidUri();
    return this.service.handle({
      id,
      method: request.method ?? 'GET',
      ...url,
      headers: request.headers,
      body,
      permit,
      baseUrl: `http://${request.headers.host ?? 'localhost'}/${this.account}`,
    });
  }

  private wrote(): void {
    const barrier = this.options.store.durable();
    this.unsettled = barrier;
    const passed = (): void => {
      if (this.unsettled === barrier) this.unsettled = undefined;
    };
    barrier.then(passed, passed);
  }

  private errorAnswer(id: string, request: AuthorizedRequest['request'], error: unknown): TableAnswer {
    let told: TableError;
    if (error instanceof TableError) {
      told = error;
    } else {
      const cause = error instanceof Error ? error.message : String(error);
      this.options.log?.error(
        { err: error, method: request.method, url: request.url?.replace(/([?&]sig=)[^&]*/, '$1…') },
        'table request failed',
      );
      told = tableErrors.internal(`The store could not serve it: ${cause}`);
    }
    return {
      status: told.status,
      headers: { 'Content-Type': jsonType('minimal'), 'x-ms-error-code': told.code },
      body: errorBody(told, id),
    };
  }
}

/** The whole body as text. @throws TableError RequestBodyTooLarge; Error when the client went away. */
function readBody(request: IncomingMessage): Promise<string> {
  const { method } = request;
  if (method === 'GET' || method === 'DELETE') {
    request.resume();
    return Promise.resolve('');
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // What is over the limit is read and dropped, so that the client gets to read the answer.
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on('end', () => {
      if (bytes > MAX_BODY_BYTES) reject(tableErrors.bodyTooLarge(MAX_BODY_BYTES));
      else resolve((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString('utf8') ?? '');
    });
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(tableErrors.invalidInput('The request ended before its body did.'));
    });
  });
}

function send(request: IncomingMessage, response: ServerResponse, id: string, answer: TableAnswer): void {
  const { status, headers, body } = answer;
  const clientId = request.headers['x-ms-client-request-id'];
  response.writeHead(status, {
    ...headers,
    ...(status !== 204 && { 'Content-Length': Buffer.byteLength(body ?? '') }),
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
    'x-ms-request-id': id,
    'x-ms-version': API_VERSION,
    ...(typeof clientId === 'string' && { 'x-ms-client-request-id': clientId }),
  });
  response.end(status === 204 ? undefined : body);
}
