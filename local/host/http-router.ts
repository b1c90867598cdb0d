import type { RegisteredFunction } from './app-registry';
import { compileRoute, type RouteTemplate } from './route-template';

export type AuthLevel = 'anonymous' | 'function' | 'admin';

interface HttpRoute {
  fn: RegisteredFunction;
  template: RouteTemplate;
  /** Upper case; undefined allows every method. */
  methods: Set<string> | undefined;
  authLevel: AuthLevel;
}

export interface RouteMatch {
  fn: RegisteredFunction;
  params: Record<string, string>;
  authLevel: AuthLevel;
}

/** The httpTrigger functions of one app, in the order in which ASP.NET routing tries them. */
export class HttpRouter {
  private readonly routes: HttpRoute[];

  /** @throws HostError `TriggerInvalid` */
  constructor(functions: RegisteredFunction[], routePrefix: string) {
    this.routes = functions
      .map((fn) => createRoute(fn, routePrefix))
      .sort((a, b) => comparePrecedence(a.template.precedence, b.template.precedence));
  }

  /** @param path segments decoded, no query. Also undefined when the route exists for another method: 404 as on Azure. */
  match(method: string, path: string): RouteMatch | undefined {
    for (const { fn, template, methods, authLevel } of this.routes) {
      if (methods && !methods.has(method)) continue;
      const params = template.match(path);
      if (params) return { fn, params, authLevel };
    }
    return undefined;
  }
}

function createRoute(fn: RegisteredFunction, routePrefix: string): HttpRoute {
  const { route, methods, authLevel } = fn.trigger;
  const own = typeof route === 'string' && route !== '' ? route.replace(/^~?\//, '') : fn.name;
  const template = compileRoute([routePrefix, own].filter((part) => part !== '').join('/'), fn.name);
  const allowed = Array.isArray(methods) ? methods.map((method) => String(method).toUpperCase()) : [];
  const level = typeof authLevel === 'string' ? authLevel.toLowerCase() : 'function';
  return {
    fn,
    template,
    methods: allowed.length > 0 ? new Set(allowed) : undefined,
    authLevel: level === 'anonymous' || level === 'admin' ? level : 'function',
  };
}

/** Segment by segment; where one template ends first, the shorter one is tried first. */
function comparePrecedence(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
