import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostMessage } from '../local/launcher/messages';
import { zipFolder } from '../local/launcher/zip-folder';
import type { FromAgents, ToAgents } from './agents';
import { BenchApi } from './api';
import { cpuMs, fsyncFloor, peakRssMib, percentile, round } from './measures';

/**
 * The run-lifecycle benchmark (the work is described in docs/performance.md): N runs over M machines through the product's own
 * path: HTTP, orchestrations, run queue, Service Bus, agents. One line of JSON last.
 */
const USAGE = `npm run bench -- [options]
  --runs <n>          runs per measurement (default 2000)
  --machines <a,b,c>  numbers of machines to measure (default 1,50,500)
  --latency <n>       also measure the gap with n runs queued on one machine (default 1000; 0 leaves it out)
  --json              only the JSON line`;

interface Measured {
  mode: 'throughput' | 'latency';
  machines: number;
  runs: number;
  runs_per_s: number;
  submit_per_s: number;
  gap_ms: { p50: number; p99: number };
  host_cpu_ms_per_run: number;
  violations: number;
  repeats: number;
  out_of_order: number;
  verified: number;
}

const SUBMITTERS = 32;

function productRoot(): string {
  for (let dir = __dirname; ; dir = dirname(dir)) if (existsSync(join(dir, 'host.json'))) return dir;
}

/** The product's host on a folder of its own. */
class Host {
  private constructor(
    readonly url: string,
    readonly key: string,
    readonly process: ChildProcess,
  ) {}

  static async start(root: string, dir: string): Promise<Host> {
    const log = openSync(join(dir, 'host.log'), 'a');
    const script = join(root, 'dist/local/launcher/host-process.js');
    const args = ['--root', root, '--data', join(dir, 'host'), '--port', '0'];
    const child = fork(script, args, { stdio: ['ignore', log, log, 'ipc'], execArgv: ['--no-warnings'] });
    const url = await new Promise<string>((resolve, reject) => {
      child.on('message', (message) => resolve(hostMessage.parse(message).url));
      child.on('exit', () => reject(new Error(readFileSync(join(dir, 'host.log'), 'utf8'))));
    });
    const endpoint = JSON.parse(readFileSync(join(dir, 'host/endpoint.json'), 'utf8')) as { key: string };
    return new Host(url, endpoint.key, child);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }
}

/** The machines' process, and how to talk to it. */
class Fleet {
  private waiting: ((message: FromAgents) => void) | undefined;
  done = 0;

  constructor(private readonly child: ChildProcess) {
    child.on('message', (raw) => {
      const message = raw as FromAgents;
      if (message.kind === 'done') this.done = message.count;
      else this.waiting?.(message);
    });
  }

  ask<K extends FromAgents['kind']>(message: ToAgents, answer: K): Promise<Extract<FromAgents, { kind: K }>> {
    return new Promise((resolve) => {
      this.waiting = (got) => {
        if (got.kind === answer) resolve(got as Extract<FromAgents, { kind: K }>);
      };
      this.child.send(message);
    });
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}

class Bench {
  private readonly connections: string[] = [];

  constructor(
    private readonly api: BenchApi,
    private readonly host: Host,
    private readonly fleet: Fleet,
    private readonly dir: string,
  ) {}

  async publish(root: string): Promise<void> {
    await this.api.call('PUT', '/api/desktop-flows/noop', await zipFolder(join(root, 'bench/noop')));
    await this.api.call(
      'PUT',
      '/api/flows/bench',
      JSON.parse(readFileSync(join(root, 'bench/noop-flow.json'), 'utf8')),
    );
  }

  async machines(count: number): Promise<void> {
    const missing = count - this.connections.length;
    if (missing <= 0) return;
    const tokens = await Promise.all(
      Array.from(
        { length: missing },
        async () => (await this.api.call<{ token: string }>('POST', '/api/registration-tokens', {})).token,
      ),
    );
    const { machines } = await this.fleet.ask(
      { kind: 'register', url: this.host.url, dir: this.dir, tokens },
      'registered',
    );
    for (const id of machines) {
      const name = `bench-${this.connections.length}`;
      await this.api.call('PUT', `/api/connections/${name}`, { target: { kind: 'machine', id } });
      this.connections.push(name);
    }
  }

  async measure(mode: Measured['mode'], runs: number, machines: number): Promise<Measured> {
    await this.machines(machines);
    const before = this.fleet.done;
    const cpuBefore = cpuMs(this.host.pid);
    const hold = mode === 'latency';
    if (hold) await this.fleet.ask({ kind: 'hold' }, 'ok');
    const ids: string[] = [];
    const begin = performance.now();
    let next = 0;
    const submit = async (): Promise<void> => {
      while (next < runs) {
        const i = next++;
        const priority = ['high', 'normal', 'low'][(i * 7) % 3];
        const body = { connection: this.connections[i % machines], priority };
        ids[i] = (await this.api.call<{ run: string }>('POST', '/api/flows/bench/run', body)).run;
      }
    };
    await Promise.all(Array.from({ length: Math.min(SUBMITTERS, runs) }, submit));
    const submitted = performance.now();
    let opened = begin;
    if (hold) {
      await this.settled(ids);
      opened = performance.now();
      await this.fleet.ask({ kind: 'open' }, 'ok');
    }
    while (this.fleet.done - before < runs) await pause(5);
    const verified = await this.succeeded(ids);
    const seconds = (performance.now() - opened) / 1000;
    const report = await this.fleet.ask({ kind: 'report' }, 'report');
    const gaps = report.gaps.sort((a, b) => a - b);
    return {
      mode,
      machines,
      runs,
      runs_per_s: round(runs / seconds, 1),
      submit_per_s: round((runs * 1000) / (submitted - begin), 1),
      gap_ms: { p50: round(percentile(gaps, 0.5)), p99: round(percentile(gaps, 0.99)) },
      host_cpu_ms_per_run: round((cpuMs(this.host.pid) - cpuBefore) / runs),
      violations: report.violations,
      repeats: report.repeats,
      out_of_order: hold ? outOfOrder(report.order, ids) : 0,
      verified,
    };
  }

  /** Waits until the last runs are in their queues. */
  private async settled(ids: string[]): Promise<void> {
    for (const id of ids.slice(-SUBMITTERS)) {
      while ((await this.api.call<{ children?: unknown[] }>('GET', `/api/runs/${id}`)).children?.length !== 1)
        await pause(20);
    }
    await pause(500);
  }

  /** How many runs the product's own store calls succeeded; waits for the last to be recorded. */
  private async succeeded(ids: string[]): Promise<number> {
    let count = 0;
    for (const id of [...ids].reverse()) {
      for (;;) {
        const { status } = await this.api.call<{ status: string }>('GET', `/api/runs/${id}`);
        if (status === 'Succeeded') count++;
        if (status !== 'Running' && status !== 'Waiting') break;
        await pause(2);
      }
    }
    return count;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Pairs of neighbours (after the held first) that ran against priority and time requested. */
function outOfOrder(order: string[], ids: string[]): number {
  const rank = new Map(ids.map((id, i) => [id, { priority: (i * 7) % 3, i }]));
  let count = 0;
  for (let k = 2; k < order.length; k++) {
    const a = rank.get(order[k - 1]?.split('-')[0] ?? '');
    const b = rank.get(order[k]?.split('-')[0] ?? '');
    if (a && b && b.priority < a.priority) count++;
  }
  return count;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '2000' },
      machines: { type: 'string', default: '1,50,500' },
      latency: { type: 'string', default: '1000' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(USAGE);
  const say = (line: string): void => {
    if (!values.json) console.log(line);
  };
  const root = productRoot();
  const dir = mkdtempSync(join(tmpdir(), 'attendant-bench-'));
  const floor = fsyncFloor();
  say(`floor: ${floor.per_s} synced appends a second, p50 ${floor.p50_ms} ms`);
  const host = await Host.start(root, dir);
  const log = openSync(join(dir, 'agents.log'), 'a');
  const child = fork(join(__dirname, 'agents.js'), [], {
    stdio: ['ignore', log, log, 'ipc'],
    execArgv: ['--no-warnings'],
  });
  const fleet = new Fleet(child);
  const api = new BenchApi(host.url, host.key);
  try {
    const bench = new Bench(api, host, fleet, dir);
    await bench.publish(root);
    const results: Measured[] = [];
    const measure = async (mode: Measured['mode'], runs: number, machines: number): Promise<void> => {
      const result = await bench.measure(mode, runs, machines);
      results.push(result);
      say(JSON.stringify(result));
    };
    await bench.measure('throughput', 200, 10);
    for (const machines of values.machines.split(',').map(Number))
      await measure('throughput', Number(values.runs), machines);
    if (Number(values.latency) > 0) await measure('latency', Number(values.latency), 1);
    const last = results.at(-1);
    const best = Math.max(...results.map((result) => result.runs_per_s));
    const line = {
      runs_per_s: best,
      gap_ms: last?.gap_ms,
      peak_rss_mib: peakRssMib(host.pid),
      results,
      floor,
      cores: cpus().length,
      node: process.version,
    };
    console.log(JSON.stringify(line));
  } finally {
    api.close();
    fleet.stop();
    host.process.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

main().then(
  () => process.exit(0),
  (cause: unknown) => {
    console.error(cause);
    process.exit(1);
  },
);
