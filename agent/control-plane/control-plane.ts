import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { z } from 'zod';
import {
  consoleRunView,
  leaseResponse,
  registerResponse,
  type ConsoleRunReport,
  type ConsoleRunRequest,
  type ConsoleRunView,
  type LeaseResponse,
  type RegisterRequest,
  type RegisterResponse,
} from '../../contracts/agent-api';
import { desktopFlowList, type DesktopFlowView } from '../../contracts/api-flows';
import { errorCatalogue, type ErrorCode } from '../../contracts/errors';
import type { Clock } from '../clock';
import { AgentError, messageOf } from '../errors';
import { sha256, type Signer } from '../identity/keys';
import { sha256OfFile } from '../package/hash';

const REQUEST_TIMEOUT_MS = 30_000;
const TRANSFER_TIMEOUT_MS = 15 * 60_000;
/** A difference of the clocks below this is left alone: it is mostly the time that the answer took. */
const OFFSET_MATTERS_MS = 2_000;

export interface ControlPlaneOptions {
  url: string;
  clock: Clock;
  signer?: Signer;
  fetch?: typeof fetch;
}

interface Body {
  data: string | Blob;
  type: string;
  sha256: string;
}

/** The control plane's HTTP surface for agents (contracts/agent-api.ts). Every method throws AgentError. */
export class ControlPlane {
  private offsetMs = 0;

  constructor(private readonly options: ControlPlaneOptions) {}

  /** This moment on the control plane's clock, as an ISO instant. */
  time(): string {
    return new Date(this.options.clock.now() + this.offsetMs).toISOString();
  }

  /** How far the control plane's clock is ahead of ours, in milliseconds. */
  get clockOffsetMs(): number {
    return this.offsetMs;
  }

  /** Whether anything answers at the address; what it answers does not matter. @throws AgentError HostUnreachable. */
  async reach(): Promise<void> {
    await this.send('GET', '/api/health', undefined, REQUEST_TIMEOUT_MS).catch((error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
    });
  }

  async register(request: RegisterRequest): Promise<RegisterResponse> {
    const response = await this.send('POST', '/api/agent/register', jsonBody(request), REQUEST_TIMEOUT_MS);
    return this.parse(response, registerResponse);
  }

  async lease(installation: string): Promise<LeaseResponse> {
    const response = await this.signed(
      'POST',
      '/api/agent/lease',
      jsonBody({ installation }),
      REQUEST_TIMEOUT_MS,
    );
    const lease = await this.parse(response, leaseResponse);
    this.correctOffset(Date.parse(lease.serverTime));
    return lease;
  }

  /** What can be started at this machine. */
  async desktopFlows(): Promise<DesktopFlowView[]> {
    const response = await this.signed('GET', '/api/agent/desktop-flows', undefined, REQUEST_TIMEOUT_MS);
    return (await this.parse(response, desktopFlowList)).desktopFlows;
  }

  /** Somebody at the machine starts a desktop flow; repeating the request starts nothing more. */
  async startConsoleRun(request: ConsoleRunRequest): Promise<ConsoleRunView> {
    const path = '/api/agent/console-runs';
    return this.parse(await this.signed('POST', path, jsonBody(request), REQUEST_TIMEOUT_MS), consoleRunView);
  }

  async consoleRun(run: string): Promise<ConsoleRunView> {
    const path = `/api/agent/console-runs/${encodeURIComponent(run)}`;
    return this.parse(await this.signed('GET', path, undefined, REQUEST_TIMEOUT_MS), consoleRunView);
  }

  async stopConsoleRun(run: string, user: string): Promise<void> {
    const path = `/api/agent/console-runs/${encodeURIComponent(run)}/stop`;
    await this.signed('POST', path, jsonBody({ user }), REQUEST_TIMEOUT_MS);
  }

  /** A run that was started here while the machine was cut off; repeating it changes nothing. */
  async reportConsoleRun(run: string, report: ConsoleRunReport, signal: AbortSignal): Promise<void> {
    const path = `/api/agent/console-runs/${encodeURIComponent(run)}`;
    await this.signed('PUT', path, jsonBody(report), TRANSFER_TIMEOUT_MS, signal);
  }

  /** Downloads a desktop-flow package (a zip) or, with `files`, an input file. @throws AgentError BodyTooLarge over `maxBytes`. */
  async download(
    what: { packageHash: string } | { fileId: string },
    to: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<void> {
    const path =
      'packageHash' in what
        ? `/api/agent/packages/${encodeURIComponent(what.packageHash)}`
        : `/api/agent/files/${encodeURIComponent(what.fileId)}`;
    const response = await this.signed('GET', path, undefined, TRANSFER_TIMEOUT_MS, signal);
    try {
      await writeFile(to, limited(response, maxBytes), { signal });
    } catch (error) {
      if (error instanceof AgentError) throw error;
      throw new AgentError('HostUnreachable', `${path} broke off: ${messageOf(error)}`, { cause: error });
    }
  }

  async uploadArtifact(run: string, name: string, file: string, signal: AbortSignal): Promise<void> {
    const path = `/api/agent/runs/${encodeURIComponent(run)}/artifacts/${encodeURIComponent(name)}`;
    const body = {
      data: await openAsBlob(file),
      type: 'application/octet-stream',
      sha256: await sha256OfFile(file),
    };
    await this.signed('PUT', path, body, TRANSFER_TIMEOUT_MS, signal);
  }

  /** Sends a signed request; when it is refused and the clocks differ, corrects the offset and sends it once more. */
  private async signed(
    method: string,
    path: string,
    body: Body | undefined,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Response> {
    const attempt = (): Promise<Response> => {
      const bodySha256 = body?.sha256 ?? sha256('');
      const pathname = new URL(this.url(path)).pathname;
      const headers = this.options.signer?.headers({ method, path: pathname, time: this.time(), bodySha256 });
      return this.send(method, path, body, timeoutMs, headers, signal);
    };
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status !== 401 || !this.correctOffset(error.serverTime))
        throw error;
      return attempt();
    }
  }

  private async send(
    method: string,
    path: string,
    body: Body | undefined,
    timeoutMs: number,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const doFetch = this.options.fetch ?? fetch;
    const timeout = AbortSignal.timeout(timeoutMs);
    let response: Response;
    try {
      response = await doFetch(this.url(path), {
        method,
        headers: { ...headers, ...(body ? { 'content-type': body.type } : {}) },
        body: body?.data ?? null,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (error) {
      throw new AgentError('HostUnreachable', `${this.options.url} cannot be reached: ${messageOf(error)}`, {
        cause: error,
      });
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  private async parse<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
    try {
      return schema.parse(await response.json());
    } catch (error) {
      throw new AgentError(
        'Internal',
        `${this.options.url} gave an answer that is not understood: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  }

  /** @returns true when the offset has changed. */
  private correctOffset(serverTime: number): boolean {
    const offset = serverTime - this.options.clock.now();
    if (Number.isNaN(offset) || Math.abs(offset - this.offsetMs) < OFFSET_MATTERS_MS) return false;
    this.offsetMs = offset;
    return true;
  }

  /** The address may be given with or without `/api`. */
  private url(path: string): string {
    return this.options.url.replace(/\/+$/, '').replace(/\/api$/, '') + path;
  }
}

/** The control plane has answered with an error. */
class RefusedError extends AgentError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly status: number,
    readonly serverTime: number,
    remedy: string | undefined,
  ) {
    super(code, message, remedy ? { remedy } : {});
  }
}

async function refusal(response: Response): Promise<RefusedError> {
  const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const text = (key: string): string | undefined =>
    typeof problem[key] === 'string' && problem[key] !== '' ? problem[key] : undefined;
  const code = text('code');
  const known =
    code !== undefined && code in errorCatalogue ? (code as ErrorCode) : fallbackCode(response.status);
  const message =
    text('detail') ?? text('message') ?? text('title') ?? `The control plane answered ${response.status}.`;
  const date = Date.parse(response.headers.get('date') ?? '');
  return new RefusedError(known, message, response.status, date, text('remedy'));
}

function fallbackCode(status: number): ErrorCode {
  if (status === 401) return 'Unauthorized';
  if (status === 403) return 'Forbidden';
  if (status === 404) return 'EndpointDoNotExist';
  return status >= 500 ? 'Unavailable' : 'Internal';
}

function jsonBody(value: unknown): Body {
  const data = JSON.stringify(value);
  return { data, type: 'application/json', sha256: sha256(data) };
}

async function* limited(response: Response, maxBytes: number): AsyncGenerator<Uint8Array> {
  const tooLarge = (): AgentError =>
    new AgentError('BodyTooLarge', `The download is over the limit of ${maxBytes} bytes.`);
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) {
    await response.body?.cancel();
    throw tooLarge();
  }
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge();
    yield chunk;
  }
}
