import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import type { AppRegistry, RegisteredFunction } from './app-registry';
import type { HostJson } from './host-config';
import { readBody, send } from './http-body';

/** Version of the Functions host whose behaviour this host follows. */
const FOLLOWED_VERSION = '4.1037.0.0';

export interface AdminApiOptions {
  registry: AppRegistry;
  host: HostJson;
  origin: string;
  routePrefix: string;
  bodyLimitBytes: number;
  /** Runs a function that is not triggered by HTTP, with the given text as its trigger's value. */
  runManually(fn: RegisteredFunction, input: string | undefined): void;
}

/** `/admin/…`: what the launcher, the tools and people ask the host itself. The caller has checked the master key. */
export class AdminApi {
  constructor(private readonly options: AdminApiOptions) {}

  /** @throws BodyTooLarge */
  async handle(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    const [, , area, name, detail] = path.replace(/\/$/, '').split('/');
    const { method } = req;
    if (area === 'host' && name === 'status' && method === 'GET') return reply(res, 200, this.status());
    if (area === 'host' && name === 'ping') return reply(res, 200);
    if (area !== 'functions') return reply(res, 404);
    if (name === undefined) {
      const sorted = this.functions().sort((a, b) => (a.name < b.name ? -1 : 1));
      return reply(res, 200, method === 'GET' ? sorted.map((fn) => this.describe(fn)) : undefined);
    }
    const fn = this.functions().find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (!fn) return reply(res, 404);
    if (detail === 'status' && method === 'GET') return reply(res, 200, {});
    if (detail !== undefined) return reply(res, 404);
    if (method === 'GET') return reply(res, 200, this.describe(fn));
    if (method === 'POST') return this.run(req, res, fn);
    return reply(res, 404);
  }

  private functions(): RegisteredFunction[] {
    const { functions, disabled } = this.options.registry;
    return [...functions.values(), ...disabled.values()];
  }

  private async run(req: IncomingMessage, res: ServerResponse, fn: RegisteredFunction): Promise<void> {
    const text = (await readBody(req, this.options.bodyLimitBytes))?.toString('utf8');
    const input = parseInvocation(text);
    if (!input) return reply(res, 400);
    this.options.runManually(fn, input.input);
    return reply(res, 202);
  }

  private status(): object {
    const bundle = this.options.host.extensionBundle;
    return {
      id: hostname().toLowerCase(),
      state: 'Running',
      version: FOLLOWED_VERSION,
      versionDetails: `${FOLLOWED_VERSION} (local)`,
      platformVersion: '',
      instanceId: '',
      computerName: '',
      processUptime: Math.round(process.uptime() * 1000),
      functionAppContentEditingState: 'Unknown',
      ...(bundle && { extensionBundle: { id: bundle.id, version: '4.99.0' } }),
    };
  }

  private describe(fn: RegisteredFunction): object {
    const { origin, routePrefix } = this.options;
    const route = typeof fn.trigger['route'] === 'string' ? fn.trigger['route'] : fn.name;
    const isHttp = fn.trigger.type === 'httpTrigger';
    return {
      name: fn.name,
      script_root_path_href: null,
      script_href: `${origin}/admin/vfs/${fn.scriptFile}`,
      config_href: null,
      test_data_href: null,
      href: `${origin}/admin/functions/${fn.name}`,
      invoke_url_template: isHttp ? `${origin}/${routePrefix === '' ? '' : `${routePrefix}/`}${route}` : null,
      language: 'node',
      config: {
        name: fn.name,
        entryPoint: '',
        scriptFile: fn.scriptFile,
        language: 'node',
        functionDirectory: fn.directory,
        bindings: Object.entries(fn.metadata.bindings).map(([name, binding]) => ({ ...binding, name })),
      },
      files: null,
      test_data: '',
      isDisabled: this.options.registry.disabled.has(fn.id),
      isDirect: false,
      isProxy: false,
    };
  }
}

/** Body of a manual run: `{"input": "…"}`; undefined when it is not that. */
function parseInvocation(text: string | undefined): { input: string | undefined } | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const input = 'input' in value ? value.input : undefined;
    if (input === undefined || input === null) return { input: undefined };
    return { input: typeof input === 'string' ? input : JSON.stringify(input) };
  } catch {
    return undefined;
  }
}

function reply(res: ServerResponse, status: number, value?: unknown): void {
  if (value === undefined) send(res, status);
  else {
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    send(res, status, { headers, body: JSON.stringify(value) });
  }
}
