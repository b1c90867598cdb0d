import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DurableApi } from './durable-api';
import { WEBHOOK_PATH } from './durable-links';
import { readBody, send } from './http-body';

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
  const target = req.url ?? '/';
  const at = target.indexOf('?');
  const path = (at < 0 ? target : target.slice(0, at)).slice(basePath.length);
  const origin = `http://${req.headers.host ?? 'localhost'}`;
  const answer = await api.handle({
    method: req.method ?? 'GET',
    segments: path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decode),
    query: new URLSearchParams(at < 0 ? '' : target.slice(at + 1)),
    header: (name) => {
      const value = req.headers[name];
      return typeof value === 'string' ? value : value?.[0];
    },
    origin,
    url: origin + target,
    body: async () => (await readBody(req, options.bodyLimitBytes))?.toString('utf8'),
    rpc,
  });
  const headers: Record<string, string> = answer.headers ?? {};
  if (answer.body === undefined) send(res, answer.status, { headers });
  else send(res, answer.status, { headers: { 'Content-Type': JSON_TYPE, ...headers }, body: answer.body });
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
