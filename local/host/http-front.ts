import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdminApi } from './admin-api';
import { DURABLE_WEBHOOK, serveDurable } from './durable-server';
import type { DurableApi } from './durable-api';
import type { EventGridWebhook } from './event-grid-webhook';
import { BodyTooLarge, send } from './http-body';
import type { AuthLevel, HttpRouter } from './http-router';
import type { HttpTrigger } from './http-trigger';
import type { KeyRing } from './keys';
import { ROOT_PAGE } from './root-page';
import { forgetPrincipal, setPrincipal, type Principal, type SignIn } from './sign-in';

/** Challenge that the real host's admin and webhook routes send with 401 (functions send none). */
const CHALLENGE = { 'WWW-Authenticate': 'Bearer' };

export interface HttpFrontOptions {
  keys: KeyRing;
  signIn: SignIn | undefined;
  router: HttpRouter;
  trigger: HttpTrigger;
  durable: DurableApi;
  eventGrid: EventGridWebhook;
  admin: AdminApi;
  /** host.json `extensions.http.customHeaders`. */
  customHeaders: Record<string, string>;
  bodyLimitBytes: number;
}

/** The public port: functions, webhooks of the extensions, admin API, start page. */
export class HttpFront {
  constructor(private readonly options: HttpFrontOptions) {}

  /** Never rejects. */
  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      await this.dispatch(req, res);
    } catch (error) {
      if (error instanceof BodyTooLarge) {
        send(res, 413, { headers: { Connection: 'close' } });
        req.resume();
      } else if (res.headersSent) {
        res.destroy();
      } else {
        send(res, 500);
      }
    }
  }

  private async dispatch(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const target = req.url ?? '/';
    const at = target.indexOf('?');
    const path = decodePath(at < 0 ? target : target.slice(0, at));
    const lower = path.toLowerCase();
    if (lower.startsWith('/runtime/webhooks/')) return this.webhook(req, res, lower);
    if (lower.startsWith('/admin/')) return this.admin(req, res, path);
    const match = this.options.router.match(req.method ?? 'GET', path);
    if (!match) {
      if (path === '/' && req.method === 'GET') {
        send(res, 200, { headers: { 'Content-Type': 'text/html' }, body: ROOT_PAGE });
      } else {
        send(res, 404);
      }
      return;
    }
    const { fn, params, authLevel } = match;
    if (this.options.signIn) forgetPrincipal(req.headers);
    const key = presentedKey(req, at < 0 ? '' : target.slice(at + 1));
    if (authLevel !== 'anonymous') {
      const who = this.whoMay(authLevel, key);
      if (!who) {
        send(res, 401);
        return;
      }
      if (who !== 'anybody') setPrincipal(req.headers, who);
    }
    for (const [name, value] of Object.entries(this.options.customHeaders)) res.setHeader(name, value);
    const url = `http://${req.headers.host ?? 'localhost'}${target}`;
    await this.options.trigger.handle({ fn, params, url, req, res });
  }

  /** Whose key it is, as far as the host is told; undefined when it does not open functions of this level. */
  private whoMay(authLevel: AuthLevel, key: string | undefined): Principal | 'anybody' | undefined {
    const { keys, signIn } = this.options;
    if (keys.opensFunction(authLevel, key)) return signIn?.owner ?? 'anybody';
    return authLevel === 'function' && key !== undefined ? signIn?.personOf(key) : undefined;
  }

  private async webhook(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    const opened = this.options.keys.opensWebhook(presentedKey(req));
    if (path.startsWith(`${DURABLE_WEBHOOK}/`)) {
      if (!opened) return refuse(res);
      return serveDurable({
        api: this.options.durable,
        basePath: DURABLE_WEBHOOK,
        rpc: false,
        bodyLimitBytes: this.options.bodyLimitBytes,
        req,
        res,
      });
    }
    if (path === '/runtime/webhooks/eventgrid') {
      if (!opened) return refuse(res);
      return this.options.eventGrid.handle(req, res);
    }
    send(res, 404);
  }

  private async admin(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    if (!this.options.keys.opensAdmin(presentedKey(req))) return refuse(res);
    return this.options.admin.handle(req, res, path);
  }
}

function refuse(res: ServerResponse): void {
  send(res, 401, { headers: CHALLENGE });
}

/** The header wins over the query, as on the real host. */
function presentedKey(req: IncomingMessage, query?: string): string | undefined {
  const header = req.headers['x-functions-key'];
  if (typeof header === 'string') return header;
  const text = query ?? (req.url ?? '').split('?')[1] ?? '';
  return text.includes('code=') ? (new URLSearchParams(text).get('code') ?? undefined) : undefined;
}

/** Kestrel decodes a path before it is routed, except for an encoded slash. */
function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  return path
    .split(/(%2f)/i)
    .map((part) => {
      if (/^%2f$/i.test(part)) return part;
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    })
    .join('');
}
