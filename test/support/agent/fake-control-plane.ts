import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  agentHeaders,
  consoleRunReport,
  consoleRunRequest,
  registerRequest,
  requestText,
  type ConsoleRunReport,
  type ConsoleRunRequest,
  type ConsoleRunView,
  type LeaseResponse,
  type RegisterRequest,
} from '../../../contracts/agent-api';
import type { DesktopFlowView } from '../../../contracts/api-flows';
import { errorCatalogue, type ErrorCode } from '../../../contracts/errors';

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function verified(text: string, publicKey: string, signature: string): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}

/** The control plane's HTTP routes for agents, small enough to trust; checks signatures as the real one does. */
export class FakeControlPlane {
  readonly token = 'one-time';
  machine = `m-${'0123456789abcdefghjkmnpqrs'}`;
  epoch = 1;
  readonly packages = new Map<string, Buffer>();
  readonly files = new Map<string, Buffer>();
  readonly artifacts = new Map<string, Buffer>();
  desktopFlows: DesktopFlowView[] = [];
  /** What people at the machine have started, and where it stands. */
  readonly consoleRuns = new Map<string, { asked: ConsoleRunRequest; view: ConsoleRunView }>();
  /** What machines have told of runs that they started alone, how often, and how they are answered. */
  readonly reports = new Map<string, ConsoleRunReport>();
  reportsSeen = 0;
  refuseReport: ErrorCode | undefined;
  loseAnswers = 0;
  registered: RegisterRequest | undefined;
  /** Answers the lease instead of the lease. */
  refuseLease: { code: ErrorCode; status?: number } | undefined;
  /** The connection strings of a lease; set by the broker in use. */
  access: () => Pick<LeaseResponse, 'commands' | 'events'> = () => ({
    commands: { connectionString: 'memory', queue: this.machine },
    events: { connectionString: 'memory', queue: 'agent-events' },
  });
  leaseMs = 3_600_000;
  /** How far this server's clock is ahead of the computer's. */
  clockAheadMs = 0;
  leases = 0;
  settings = { heartbeatMs: 60_000, goWindowMs: 600_000 };
  private server: Server | undefined;
  private port = 0;

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Goes away; `start` comes back on the same port. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  addPackage(zip: Buffer): string {
    const hash = sha256(zip);
    this.packages.set(hash, zip);
    return hash;
  }

  addFile(content: string | Buffer): string {
    const data = Buffer.from(content);
    const id = sha256(data);
    this.files.set(id, data);
    return id;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('date', new Date(Date.now() + this.clockAheadMs).toUTCString());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = new URL(request.url ?? '/', this.url).pathname;
    const json = (value: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const problem = (code: ErrorCode, status: number = errorCatalogue[code].status): void => {
      response
        .writeHead(status, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code, status, detail: errorCatalogue[code].message }));
    };
    if (path === '/api/agent/register') {
      const asked = registerRequest.parse(JSON.parse(body.toString()));
      if (asked.token !== this.token) return problem('RegistrationTokenInvalid');
      this.registered = asked;
      return json({ machine: this.machine, epoch: this.epoch });
    }
    if (!this.signatureFits(request, path, body)) return problem('Unauthorized');
    if (path === '/api/agent/lease') {
      this.leases++;
      if (this.refuseLease) return problem(this.refuseLease.code, this.refuseLease.status);
      const now = Date.now() + this.clockAheadMs;
      return json({
        ...this.access(),
        serverTime: new Date(now).toISOString(),
        expiresAt: new Date(now + this.leaseMs).toISOString(),
        settings: this.settings,
      });
    }
    if (path === '/api/agent/desktop-flows') return json({ desktopFlows: this.desktopFlows });
    if (path === '/api/agent/console-runs') {
      const asked = consoleRunRequest.parse(JSON.parse(body.toString()));
      this.consoleRuns.set(`${asked.request}-1`, {
        asked,
        view: { run: `${asked.request}-1`, state: 'Queued' },
      });
      return json(this.consoleRuns.get(`${asked.request}-1`)?.view);
    }
    const console = /^\/api\/agent\/console-runs\/([^/]+)(\/stop)?$/.exec(path);
    if (console && request.method === 'PUT') {
      this.reportsSeen++;
      if (this.refuseReport) return problem(this.refuseReport);
      const run = console[1] ?? '';
      const report = consoleRunReport.parse(JSON.parse(body.toString()));
      if (!this.reports.has(run)) this.reports.set(run, report);
      // The answer is lost on its way.
      if (this.loseAnswers-- > 0) return void response.destroy();
      return json({ run, state: 'Succeeded' });
    }
    if (console) {
      const run = this.consoleRuns.get(console[1] ?? '');
      if (!run) return problem('RunNotFound');
      if (console[2]) run.view = { ...run.view, state: 'Cancelled' };
      return json(run.view);
    }
    const [, kind, ...rest] = path.split('/').slice(2);
    const key = decodeURIComponent(rest.join('/'));
    if (kind === 'runs' && request.method === 'PUT') {
      this.artifacts.set(key, body);
      response.writeHead(204).end();
      return undefined;
    }
    const found = (kind === 'packages' ? this.packages : this.files).get(key);
    if (!found) return problem(kind === 'packages' ? 'DesktopFlowNotFound' : 'FileNotFound');
    response.writeHead(200).end(found);
    return undefined;
  }

  private signatureFits(request: IncomingMessage, path: string, body: Buffer): boolean {
    const header = (name: string): string => String(request.headers[name] ?? '');
    const time = header(agentHeaders.time);
    const off = Math.abs(Date.parse(time) - (Date.now() + this.clockAheadMs));
    const text = requestText({
      method: request.method ?? '',
      path,
      machine: header(agentHeaders.machine),
      time,
      bodySha256: sha256(body),
    });
    return (
      this.registered !== undefined &&
      off < 300_000 &&
      verified(text, this.registered.publicKey, header(agentHeaders.signature))
    );
  }
}

/** Run ids of tests: a fixed ULID-like prefix would hide mix-ups, so each is random. */
export function newRunId(n = 1): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  return `${[...randomBytes(26)].map((byte) => alphabet[byte % 32]).join('')}-${n}`;
}
