import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fleet } from '../../agent/simulate/fleet';
import { readScenario } from '../../agent/simulate/scenario';
import { LocalApi } from '../../local/launcher/local-api';
import { zipFolder } from '../../local/launcher/zip-folder';

/** What an answer has, as far as a case reads it. */
export type Json = Record<string, unknown>;

/** What simulated machines do with the desktop flows that the cases publish. */
const BEHAVIOURS = [
  { flow: 'acc-quick', takes: 'PT0.2S', log: ['one line'], outputs: { word: 'done' } },
  { flow: 'acc-slow', takes: 'PT5S' },
  { flow: 'acc-endless', takes: 'PT10M' },
  {
    flow: 'acc-broken',
    takes: 'PT0.2S',
    fail: { code: 'DesktopFlowFailed', message: 'The ledger is locked.' },
  },
];

const ENDED = ['Succeeded', 'Failed', 'Cancelled', 'TimedOut'];

/** A host that runs somewhere, and simulated machines of its own for one pass of the cases. */
export class World {
  /** Part of every name, so that passes on one installation do not meet. */
  readonly mark = randomBytes(3).toString('hex');
  readonly api: LocalApi;
  private readonly folder = mkdtempSync(join(tmpdir(), 'attendant-acceptance-'));
  private fleet: Fleet | undefined;

  constructor(
    readonly url: string,
    readonly key: string,
  ) {
    this.api = new LocalApi(url, key);
  }

  /** Publishes the desktop flows and starts the machines `one`, `two`, `bots` and `away` (which has no network). */
  async open(): Promise<void> {
    const machine = (name: string, more: Json = {}): Json => ({
      name: this.name(name),
      os: 'linux',
      users: [{ name: 'robot' }, { name: 'helper' }],
      ...more,
    });
    const machines = [
      machine('one'),
      machine('two'),
      machine('bots', { maxSessions: 2 }),
      machine('away', { network: 'down' }),
    ];
    for (const { flow } of BEHAVIOURS) await this.publish(flow);
    this.fleet = await Fleet.start({
      // JSON is YAML.
      scenario: readScenario(JSON.stringify({ machines, runs: BEHAVIOURS })),
      url: this.url,
      dataDir: join(this.folder, 'machines'),
      token: async () => (await this.api.issueToken()).token,
      say: () => undefined,
    });
    for (const name of ['one', 'two', 'bots', 'away'])
      await this.put(`connections/${this.name(name)}`, {
        target: { kind: 'machine', id: this.machine(name) },
        user: 'robot',
      });
  }

  async close(): Promise<void> {
    await this.fleet?.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  name(what: string): string {
    return `acc-${this.mark}-${what}`;
  }

  /** Id of one of the machines. */
  machine(name: string): string {
    const found = this.fleet?.machines.find((each) => each.name === this.name(name));
    if (!found) throw new Error(`there is no machine ${name}`);
    return found.id;
  }

  async get(path: string): Promise<Json> {
    return ((await this.api.call('GET', `/api/${path}`)) ?? {}) as Json;
  }

  put(path: string, body?: unknown): Promise<Json> {
    return this.send('PUT', path, body);
  }

  post(path: string, body: unknown = {}): Promise<Json> {
    return this.send('POST', path, body);
  }

  async send(method: string, path: string, body?: unknown): Promise<Json> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return ((await this.api.call(method, `/api/${path}`, text, text && 'application/json')) ?? {}) as Json;
  }

  /** Stores a cloud flow with a button. @returns its name. */
  async flow(what: string, actions: Json, more: Json = {}): Promise<string> {
    const name = this.name(what);
    const body = { name, triggers: { button: { type: 'Request' } }, actions, ...more };
    await this.put(`flows/${name}`, body);
    return name;
  }

  /** A desktop-flow action on one of the machines or, given `connection`, elsewhere. */
  action(desktopFlow: string, connection: string, inputs: Json = {}): Json {
    return {
      type: 'DesktopFlow',
      inputs: { desktopFlow, connection: this.name(connection), mode: 'unattended', ...inputs },
    };
  }

  /** Starts a run. @returns its id. */
  run(flow: string, input: unknown = {}, idempotencyKey?: string): Promise<string> {
    return this.api.runFlow(flow, input, idempotencyKey);
  }

  async ended(run: string, withinMs = 60_000): Promise<Json> {
    let last: Json = {};
    return this.until(
      `run ${run} to end`,
      async () => {
        last = await this.get(`runs/${run}`);
        return ENDED.includes(String(last['status'])) ? last : undefined;
      },
      { withinMs, evidence: () => JSON.stringify(last) },
    );
  }

  /** Asks until the answer is true-like. @throws Error with the evidence when that takes too long. */
  async until<T>(
    what: string,
    ask: () => T | Promise<T>,
    { withinMs = 30_000, evidence = () => '' }: { withinMs?: number; evidence?: () => string } = {},
  ): Promise<NonNullable<T>> {
    const giveUpAt = Date.now() + withinMs;
    for (;;) {
      const answer = await ask();
      if (answer) return answer;
      if (Date.now() > giveUpAt) throw new Error(`waited ${withinMs} ms for ${what}\n${evidence()}`.trim());
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Runs that wait in the queue of a machine, in order. */
  async waiting(machine: string): Promise<string[]> {
    const { waiting } = await this.get(`machines/${this.machine(machine)}/queue`);
    return (waiting as { run: string }[]).map(({ run }) => run);
  }

  private async publish(name: string): Promise<void> {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'desktop-flow.yaml'),
      `name: ${name}\nversion: 1.0.0\nrunner: node\nentry: main.js\n`,
    );
    writeFileSync(join(folder, 'main.js'), '');
    await this.api.putBytes(`/api/desktop-flows/${name}`, await zipFolder(folder), 'application/zip');
  }
}
