import type { z } from 'zod';
import { problem } from '../contracts/api-problem';
import type { Endpoint } from './endpoint';
import { readEvents, type ServerEvent } from './server-events';
import { CliError, exitCodes } from './shell';

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | undefined>;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as they are. */
  bytes?: Uint8Array;
}

/** The HTTP API, with its errors in plain words. */
export class Api {
  constructor(
    private readonly endpoint: Endpoint,
    private readonly send: typeof fetch,
  ) {}

  /** @throws CliError for every answer that is not a success, and for one that does not fit `schema`. */
  async json<T>(schema: z.ZodType<T>, request: ApiRequest): Promise<T> {
    const answer = await this.request(request);
    const parsed = schema.safeParse(await answer.json().catch(() => undefined));
    if (parsed.success) return parsed.data;
    throw new CliError(`${this.endpoint.url} gave an answer that is not understood.`, {
      remedy:
        'Check that the address is that of Attendant and that host and command line are of one version.',
    });
  }

  /** For requests whose answer says nothing. */
  async done(request: ApiRequest): Promise<void> {
    await (await this.request(request)).arrayBuffer();
  }

  /** Server-sent events as they come, until the stream ends. */
  async *events(request: ApiRequest): AsyncGenerator<ServerEvent> {
    const { body } = await this.request(request);
    if (body) yield* readEvents(body);
  }

  async bytes(request: ApiRequest): Promise<Uint8Array> {
    return new Uint8Array(await (await this.request(request)).arrayBuffer());
  }

  private async request(request: ApiRequest): Promise<Response> {
    const { method = 'GET', body, bytes } = request;
    const url = new URL(`${this.endpoint.url.replace(/\/+$/, '').replace(/\/api$/, '')}/api/${request.path}`);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const content = bytes ? new Uint8Array(bytes) : body === undefined ? undefined : JSON.stringify(body);
    const type = bytes ? 'application/octet-stream' : 'application/json';
    let answer: Response;
    try {
      answer = await this.send(url, {
        method,
        headers: {
          ...(this.endpoint.key ? { 'x-functions-key': this.endpoint.key } : {}),
          ...(this.endpoint.token ? { authorization: `Bearer ${this.endpoint.token}` } : {}),
          ...(content === undefined ? {} : { 'content-type': type }),
          ...request.headers,
        },
        ...(content === undefined ? {} : { body: content }),
      });
    } catch (cause) {
      throw unreachable(this.endpoint.url, cause);
    }
    if (!answer.ok) throw await refused(answer);
    return answer;
  }
}

function unreachable(url: string, cause: unknown): CliError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const said = inner instanceof Error ? inner.message : String(inner);
  return new CliError(`Nothing answers at ${url} (${said}).`, {
    remedy: 'Start the host with `npm start`, or correct --url (ATTENDANT_URL).',
    exitCode: exitCodes.unreachable,
  });
}

async function refused(answer: Response): Promise<CliError> {
  const body: unknown = await answer.json().catch(() => undefined);
  const parsed = problem.safeParse(body);
  if (parsed.success) {
    const { title, detail, code, remedy, errors = [] } = parsed.data;
    const places = errors.map(({ path, message }) => `\n  ${path === '' ? '(whole)' : path}: ${message}`);
    return new CliError(`${detail ?? title} [${code}]${places.join('')}`, { remedy, problem: parsed.data });
  }
  if (answer.status === 401) {
    return new CliError('The key is missing or wrong.', {
      remedy:
        'Give it with --key or ATTENDANT_KEY; `attendant key` shows it on the computer that runs the host.',
    });
  }
  return new CliError(`The host answered ${answer.status} ${answer.statusText}.`, {
    remedy: 'Check that the address is that of Attendant.',
  });
}
