import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiAnswer } from './durable-answer';
import type { DurableApi } from './durable-api';
import { WEBHOOK_PATH } from './durable-links';
import { readBody, send } from './http-body';
import type { InProcessService } from './in-process';

export const DURABLE_WEBHOOK = WEBHOOK_PATH;

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers one HTTP request to the management API, on the public port or on the loopback port of the SDK.
 * @throws BodyTooLarge
 */
export async function serveDurable(options: {
  api: DurableApi;
  /** Path before `instances/…`, without trailing slash. */
  basePath: string;
  rpc: boolean;
  bodyLimitBytes: number;
  req: IncomingMessage;
  res: ServerResponse;
}): Promise<void> {
  const { api, basePath, rpc, req, res } = options;
  const answer = await handle(api, {
    method: req.method ?? 'GET',
    origin: `http://${req.headers.host ?? 'localhost'}`,
    target: req.url ?? '/',
    basePath,
    header: (name) => {
      const value = req.headers[name];
      return typeof value === 'string' ? value : value?.[0];
    },
    body: async () => (await readBody(req, options.bodyLimitBytes))?.toString('utf8'),
    rpc,
  });
  const headers: Record<string, string> = answer.headers ?? {};
  if (answer.body === undefined) send(res, answer.status, { headers });
  else send(res, answer.status, { headers: { 'Content-Type': JSON_TYPE, ...headers }, body: answer.body });
}

/** The SDK's endpoint for an app in this process. */
export function inProcessDurable(options: { api: DurableApi; basePath: string }): InProcessService {
  return async ({ method, url, headers, body }) => {
    const { origin } = new URL(url);
    const answer = await handle(options.api, {
      method,
      origin,
      target: url.slice(origin.length),
      basePath: options.basePath,
      header: (name) => headers[name],
      body: () => Promise.resolve(body === '' ? undefined : body),
      rpc: true,
    });
    const type = answer.body === undefined ? {} : { 'content-type': JSON_TYPE };
    return { status: answer.status, headers: { ...type, ...answer.headers }, body: answer.body };
  };
}

function handle(
  api: DurableApi,
  request: {
    method: string;
    origin: string;
    /** Path and query. */
    target: string;
    basePath: string;
    header: (name: string) => string | undefined;
    body: () => Promise<string | undefined>;
    rpc: boolean;
  },
): Promise<ApiAnswer> {
  const { method, origin, target, basePath, header, body, rpc } = request;
  const at = target.indexOf('?');
  const path = (at < 0 ? target : target.slice(0, at)).slice(basePath.length);
  const segments = path.split('/').filter((segment) => segment !== '');
  return api.handle({
    method,
    segments: segments.map(decode),
    query: new URLSearchParams(at < 0 ? '' : target.slice(at + 1)),
    header,
    origin,
    url: origin + target,
    body,
    rpc,
  });
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
