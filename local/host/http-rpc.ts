import type { IncomingMessage } from 'node:http';
import type { RpcCookie, RpcHttp } from './rpc';

/** The http data of an invocation request, as the real host fills it for a worker with raw bodies. */
export function toRpcHttp(options: {
  req: IncomingMessage;
  url: string;
  params: Record<string, string>;
  body: Buffer | undefined;
}): RpcHttp {
  const { req, url, params, body } = options;
  return {
    method: req.method ?? 'GET',
    url,
    nullableHeaders: headersOf(req),
    nullableQuery: queryOf(url),
    nullableParams: nullable(params),
    body: body === undefined ? null : { bytes: body },
  };
}

function headersOf(req: IncomingMessage): Record<string, { value: string }> {
  const headers: Record<string, { value: string }> = {};
  for (const name in req.headers) {
    const value = req.headers[name];
    if (value !== undefined) headers[name] = { value: typeof value === 'string' ? value : value.join(',') };
  }
  return headers;
}

/** Repeated parameters are joined by commas, as .NET's StringValues writes them. */
function queryOf(url: string): Record<string, { value: string }> {
  const query: Record<string, { value: string }> = {};
  const at = url.indexOf('?');
  if (at < 0) return query;
  for (const [name, value] of new URLSearchParams(url.slice(at + 1))) {
    const earlier = query[name];
    query[name] = { value: earlier ? `${earlier.value},${value}` : value };
  }
  return query;
}

function nullable(values: Record<string, string>): Record<string, { value: string }> {
  const result: Record<string, { value: string }> = {};
  for (const name in values) result[name] = { value: values[name] ?? '' };
  return result;
}

/** Status and headers of an http output. */
export function responseHead(http: RpcHttp): { status: number; headers: Record<string, string | string[]> } {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (name !== 'content-length' && name !== 'transfer-encoding') headers[name] = value;
  }
  if (http.cookies && http.cookies.length > 0) {
    const own = headers['set-cookie'];
    headers['set-cookie'] = [...(typeof own === 'string' ? [own] : []), ...http.cookies.map(setCookie)];
  }
  return { status: Number(http.statusCode ?? 200), headers };
}

/** As ASP.NET writes cookies: values escaped, path `/` unless given. */
function setCookie(cookie: RpcCookie): string {
  const parts = [`${encodeURIComponent(cookie.name)}=${encodeURIComponent(cookie.value)}`];
  if (cookie.expires) {
    parts.push(`expires=${new Date(cookie.expires.value.seconds * 1000).toUTCString()}`);
  }
  if (cookie.maxAge) parts.push(`max-age=${Math.round(cookie.maxAge.value)}`);
  if (cookie.domain) parts.push(`domain=${cookie.domain.value}`);
  parts.push(`path=${cookie.path?.value ?? '/'}`);
  if (cookie.secure?.value) parts.push('secure');
  if (cookie.sameSite === 'lax' || cookie.sameSite === 'strict') parts.push(`samesite=${cookie.sameSite}`);
  if (cookie.sameSite === 'explicitNone') parts.push('samesite=none');
  if (cookie.httpOnly?.value) parts.push('httponly');
  return parts.join('; ');
}
