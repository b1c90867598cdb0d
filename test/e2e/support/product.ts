import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudRunView } from '../../../contracts/api-runs';
import { isEnded } from '../../../contracts/runs';
import { zipOf } from '../../support/agent/zip';
import { descendants, isAlive, kill, ROOT } from './processes';
import { until } from './until';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Undefined when the text is not JSON. */
  json: Record<string, unknown> | undefined;
}

interface Endpoint {
  url: string;
  key: string;
  pid: number;
}

/** How long a desktop flow that is asked to stop is given here. */
export const STOP_GRACE_MS = 1_000;

/** Times that people wait for, made short. */
const QUICK: Record<string, string> = {
  ATTENDANT_STOP_GRACE_MS: `${STOP_GRACE_MS}`,
  ATTENDANT_HEARTBEAT_MS: '1000',
};

/** The built product as its own processes: launcher, host, agent, workers. */
export class Product {
  /** Everything the launcher printed. */
  output = '';

  private constructor(
    readonly dataDir: string,
    private readonly args: string[],
    private readonly env: Record<string, string>,
    private launcher: ChildProcess | undefined,
  ) {}

  /** Starts it on `dataDir`, a new one by default, and waits until it says that it is ready. */
  static async start(
    options: { dataDir?: string; args?: string[]; env?: Record<string, string> } = {},
  ): Promise<Product> {
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'attendant-e2e-'));
    const product = new Product(dataDir, options.args ?? [], options.env ?? {}, undefined);
    try {
      await product.launch();
    } catch (error) {
      // Nobody else knows of it: what has come up so far would slow down all tests after this one.
      await product.stop().catch(() => undefined);
      throw error;
    }
    return product;
  }

  get endpoint(): Endpoint {
    return JSON.parse(readFileSync(join(this.dataDir, 'endpoint.json'), 'utf8')) as Endpoint;
  }

  get launcherPid(): number {
    return this.launcher?.pid ?? 0;
  }

  /** Pid of the living agent. */
  agentPid(): number | undefined {
    const lock = join(this.dataDir, 'agent', 'lock.json');
    if (!existsSync(lock)) return undefined;
    const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
    return isAlive(pid) ? pid : undefined;
  }

  async launch(): Promise<void> {
    this.output = '';
    const child = spawn(
      process.execPath,
      [
        '--no-warnings',
        join(ROOT, 'dist/local/main.js'),
        '--data',
        this.dataDir,
        '--port',
        '0',
        ...this.args,
      ],
      {
        cwd: this.dataDir,
        env: { ...process.env, ...QUICK, ...this.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.launcher = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString('utf8')));
    await this.until('the product to be ready', () => {
      if (child.exitCode !== null)
        throw new Error(`The launcher ended with ${child.exitCode}.\n${this.output}`);
      return this.output.includes('Attendant is ready');
    });
  }

  /** Kills only the launcher; the host notices and ends, the agent goes on. */
  async killLauncher(): Promise<void> {
    const { pid } = this.endpoint;
    kill(this.launcherPid);
    await this.until('launcher and host to be gone', () => !isAlive(this.launcherPid) && !isAlive(pid));
    this.launcher = undefined;
  }

  /** Kills only the host and waits until the launcher has another one up. */
  async killHost(): Promise<void> {
    const { pid } = this.endpoint;
    kill(pid);
    await this.until('another host', async () => {
      const endpoint = this.endpoint;
      return endpoint.pid !== pid && (await fetch(`${endpoint.url}/api/health`).catch(() => undefined))?.ok;
    });
  }

  /** Ends all of it in order, and with force what does not follow; removes the data folder unless told to keep it. */
  async stop(options: { keepData?: boolean } = {}): Promise<void> {
    const launcher = this.launcher;
    const agent = this.agentPid();
    const host = existsSync(join(this.dataDir, 'endpoint.json')) ? this.endpoint.pid : undefined;
    const below = [launcher?.pid, agent].flatMap((pid) => (pid === undefined ? [] : descendants(pid)));
    try {
      if (launcher) {
        launcher.kill('SIGTERM');
        await this.until('the launcher to end', () => launcher.exitCode !== null || launcher.signalCode);
      }
    } finally {
      for (const pid of [launcher?.pid, host, agent, ...below]) if (pid !== undefined) kill(pid);
      if (!options.keepData) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 20 });
    }
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string | undefined> = {},
  ): Promise<Answer> {
    const { url, key } = this.endpoint;
    const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const all = { 'x-functions-key': key, 'content-type': 'application/json', ...headers };
    const response = await fetch(new URL(path, url), {
      method,
      headers: Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ...(body === undefined ? {} : { body: typeof bytes === 'string' ? bytes : new Uint8Array(bytes) }),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }

  /** A call that must succeed. */
  async ok(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json ?? {};
  }

  /** Publishes a desktop flow of one Node script. */
  async publish(name: string, script: string, manifest = ''): Promise<void> {
    const yaml = `name: ${name}\nversion: 1.0.0\nrunner: node\nentry: main.js\n${manifest}`;
    const zip = await zipOf({ 'desktop-flow.yaml': yaml, 'main.js': script });
    const answer = await this.call('PUT', `/api/desktop-flows/${name}`, new Uint8Array(zip), {
      'content-type': 'application/zip',
    });
    if (answer.status !== 200) throw new Error(`publish ${name}: ${answer.status} ${answer.text}`);
  }

  /** A cloud flow `name` that hands its input to the desktop flow `name` on this computer and answers with its outputs. */
  async addFlow(
    name: string,
    options: { inputs: string[]; outputs?: string[]; timeout?: string },
  ): Promise<void> {
    const properties = Object.fromEntries(options.inputs.map((input) => [input, { type: 'string' }]));
    await this.ok('PUT', `/api/flows/${name}`, {
      name,
      triggers: {
        button: {
          type: 'Request',
          inputs: {
            schema: {
              type: 'object',
              properties,
              required: options.inputs,
              additionalProperties: false,
            },
          },
        },
      },
      actions: {
        work: {
          type: 'DesktopFlow',
          inputs: {
            desktopFlow: name,
            connection: 'this-computer',
            mode: 'attended',
            inputs: Object.fromEntries(options.inputs.map((input) => [input, `@triggerBody()?['${input}']`])),
          },
          ...(options.timeout ? { limit: { timeout: options.timeout } } : {}),
        },
      },
      outputs: Object.fromEntries(
        (options.outputs ?? []).map((output) => [output, `@outputs('work')?['${output}']`]),
      ),
    });
  }

  /** @returns the id of the run. */
  async startRun(flow: string, input: unknown): Promise<string> {
    return String((await this.ok('POST', `/api/flows/${flow}/run`, input))['run']);
  }

  async run(id: string): Promise<CloudRunView> {
    return (await this.ok('GET', `/api/runs/${id}`)) as unknown as CloudRunView;
  }

  async ended(id: string, withinMs = 90_000): Promise<CloudRunView> {
    let last: CloudRunView | undefined;
    return this.until(
      `run ${id} to end`,
      async () => {
        last = await this.run(id).catch(() => undefined);
        return last && isEnded(last.status) ? last : undefined;
      },
      { withinMs, evidence: () => JSON.stringify(last, undefined, 2) },
    );
  }

  /** This computer's machine. */
  async machine(): Promise<string> {
    const { machines } = await this.ok('GET', '/api/machines');
    const [first] = machines as { id: string }[];
    if (!first) throw new Error('No machine is registered.');
    return first.id;
  }

  /** Waits until nothing runs or waits on this computer. */
  async queueEmpty(): Promise<void> {
    const machine = await this.machine();
    let last: unknown;
    await this.until(
      'the queue to be empty',
      async () => {
        const queue = await this.ok('GET', `/api/machines/${machine}/queue`);
        last = queue;
        return (queue['running'] as unknown[]).length + (queue['waiting'] as unknown[]).length === 0;
      },
      { evidence: () => JSON.stringify(last, undefined, 2) },
    );
  }

  until<T>(
    what: string,
    ask: () => T | Promise<T>,
    options: { withinMs?: number; evidence?: () => string } = {},
  ): Promise<NonNullable<T>> {
    const evidence = (): string => `${options.evidence?.() ?? ''}\n--- output\n${this.output.slice(-4_000)}`;
    return until(what, ask, { ...options, evidence });
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
