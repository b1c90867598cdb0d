import type { HttpMethod, HttpResponseInit } from '@azure/functions';
import type * as azure from '@azure/functions';
import type { RegisteredRoutes } from '../docs/support/registered-routes';
import type { AppRig } from './app-rig';

export interface ApiAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** What App Service authentication tells the app of who has signed in. */
export function principalHeader(...claims: [typ: string, val: string][]): string {
  const principal = { claims: claims.map(([typ, val]) => ({ typ, val })) };
  return Buffer.from(JSON.stringify(principal)).toString('base64');
}

/** Requests to the functions as app.ts registered them, with all that stands before the handlers. */
export class RegisteredApi {
  constructor(
    private readonly functions: RegisteredRoutes,
    private readonly rig: () => AppRig,
  ) {}

  /** The answer, once all that the request caused is worked off. */
  async send(
    method: HttpMethod,
    target: string,
    options: { headers?: Record<string, string>; body?: unknown } = {},
  ): Promise<ApiAnswer> {
    const url = new URL(`http://localhost/api/${target}`);
    const segments = url.pathname.split('/').slice(2).map(decodeURIComponent);
    const { name, params } = this.find(method, segments);
    // Loaded as late as the app: the library looks for the host's module when it is loaded.
    const { HttpRequest } = jest.requireActual<typeof azure>('@azure/functions');
    const { body } = options;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const request = new HttpRequest({
      method,
      url: url.href,
      params,
      query: Object.fromEntries(url.searchParams),
      headers: options.headers ?? {},
      ...(body === undefined ? {} : { body: { string: text } }),
    });
    const error = (...words: unknown[]): void => {
      this.rig().warnings.push(words.map(String).join(' '));
    };
    const context = { functionName: name, invocationId: 'invocation-1', error, options: { extraInputs: [] } };
    const response = (await this.functions.handler(name)(request, context)) as HttpResponseInit;
    await this.rig().idle();
    const headers = new Headers(response.headers);
    const isJson = /json/.test(headers.get('content-type') ?? '');
    return {
      status: response.status ?? 200,
      headers,
      body: isJson ? (JSON.parse(textOf(response.body)) as Record<string, unknown>) : {},
    };
  }

  private find(method: string, path: readonly string[]): { name: string; params: Record<string, string> } {
    for (const route of this.functions.routes) {
      const params = route.method === method ? match(route.route.split('/'), path) : undefined;
      if (params) return { name: route.name, params };
    }
    throw new Error(`no route for ${method} ${path.join('/')}`);
  }
}

/** Handlers answer JSON as text. */
function textOf(body: HttpResponseInit['body']): string {
  if (typeof body !== 'string') throw new Error('a JSON answer is no text');
  return body;
}

function match(route: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (route.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of route.entries()) {
    const given = path[i] ?? '';
    if (segment.startsWith('{')) params[segment.slice(1, -1)] = given;
    else if (segment !== given) return undefined;
  }
  return params;
}
