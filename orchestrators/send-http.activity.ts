import type { Ports } from '../adapters/ports';
import { AddressBlocked, type GuardedAnswer } from '../adapters/http-guard/guarded-http';
import { errorInfo, type ErrorInfo } from '../contracts/errors';
import type { HttpInputs } from '../contracts/flow-definition/http-action';
import { credential as credentialSchema } from '../contracts/sealed-credential';
import { isSealed, useOfRun, type MaybeSealed } from '../contracts/sealed-values';

/** Outputs of an HTTP action. */
interface Answer {
  statusCode: number;
  headers: Record<string, string>;
  /** Parsed where the content type says JSON. */
  body: unknown;
}

type Sent = { ok: true; outputs: Answer } | { ok: false; error: ErrorInfo; outputs?: Answer };

export interface SendHttp {
  request: MaybeSealed<HttpInputs>;
  timeoutMs: number;
  /** The instance whose run the request is sealed for; the answer is sealed alike. */
  sealedFor?: string;
}

type Told =
  { ok: true; outputs: MaybeSealed<Answer> } | { ok: false; error: ErrorInfo; outputs?: MaybeSealed<Answer> };

const MOST_REDIRECTS = 5;
const LONGEST_ANSWER = 500_000;
const ASKS_TO_TRY_AGAIN: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Sends one HTTP request of an action. A credential is read here and goes nowhere else. */
export function sendHttp(ports: Pick<Ports, 'http' | 'connections' | 'secrets' | 'sealer'>) {
  return async ({ request, timeoutMs, sealedFor }: SendHttp): Promise<Told> => {
    if (sealedFor === undefined || !isSealed(request)) return send(request as HttpInputs, timeoutMs);
    const use = useOfRun(sealedFor);
    const { outputs, ...sent } = await send(ports.sealer.open(request, use) as HttpInputs, timeoutMs);
    const told = sent as Told;
    return outputs ? { ...told, outputs: ports.sealer.seal(outputs, use) } : told;
  };

  async function send(request: HttpInputs, timeoutMs: number): Promise<Sent> {
    const authorization = await authorizationOf(request.authentication);
    if (authorization && 'error' in authorization) return { ok: false, error: authorization.error };
    try {
      const outputs = await follow(request, { ...texts(request), ...authorization }, timeoutMs);
      return outputs.statusCode < 400
        ? { ok: true, outputs }
        : { ok: false, error: refused(outputs), outputs };
    } catch (cause) {
      const details = cause instanceof Error ? cause.message : String(cause);
      const code = cause instanceof AddressBlocked ? 'HttpAddressNotAllowed' : 'HttpNotAvailable';
      return { ok: false, error: errorInfo(code, { details }) };
    }
  }

  /** Each address on the way is checked anew; another host gets no credentials. */
  async function follow(
    request: HttpInputs,
    given: Record<string, string>,
    timeoutMs: number,
  ): Promise<Answer> {
    let { method, body } = request;
    let url = new URL(request.uri);
    for (const [name, value] of Object.entries(request.queries)) url.searchParams.set(name, value);
    let headers = given;
    for (let redirects = 0; ; redirects++) {
      const content = contentOf(body);
      const answer = await ports.http.send({
        url: url.href,
        method,
        headers:
          content !== undefined && typeof body !== 'string'
            ? { 'content-type': 'application/json', ...headers }
            : headers,
        ...(content === undefined ? {} : { body: content }),
        timeoutMs,
        maxBytes: LONGEST_ANSWER,
      });
      const to = answer.headers['location'];
      const leads = [301, 302, 303, 307, 308].includes(answer.status);
      if (!leads || to === undefined || redirects === MOST_REDIRECTS) return answerOf(answer);
      const next = new URL(to, url);
      if (next.origin !== url.origin) {
        const { authorization: _secret, cookie: _cookie, ...rest } = headers;
        headers = rest;
      }
      if (answer.status < 307 && method !== 'HEAD') [method, body] = ['GET', undefined];
      url = next;
    }
  }

  async function authorizationOf(
    given: HttpInputs['authentication'],
  ): Promise<{ authorization: string } | { error: ErrorInfo } | undefined> {
    if (!given) return undefined;
    const connection = await ports.connections.get(given.connection);
    if (!connection) return { error: errorInfo('ConnectionNotFound', { details: given.connection }) };
    const kept =
      connection.secretRef === undefined ? undefined : await ports.secrets.get(connection.secretRef);
    if (kept === undefined) {
      return { error: errorInfo('ConnectionNotFound', { details: `${given.connection} has no credential` }) };
    }
    const { user, password } = credentialSchema.parse(JSON.parse(kept));
    const basic = (): string => Buffer.from(`${user}:${password}`).toString('base64');
    return { authorization: given.type === 'Basic' ? `Basic ${basic()}` : `Bearer ${password}` };
  }
}

function texts({ headers }: HttpInputs): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function contentOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function answerOf({ status, headers, body }: GuardedAnswer): Answer {
  const text = body.toString('utf8');
  const isJson = /[/+]json\b/i.test(headers['content-type'] ?? '');
  return { statusCode: status, headers, body: isJson ? parsed(text) : text };
}

/** A server may call JSON what is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function refused({ statusCode }: Answer): ErrorInfo {
  const code = ASKS_TO_TRY_AGAIN.has(statusCode) ? 'HttpNotAvailable' : 'HttpRequestFailed';
  return errorInfo(code, { subCode: String(statusCode) });
}
