import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { QueueView } from '../contracts/api-machines';
import { zipFolder } from '../local/launcher/zip-folder';
import { BenchApi } from './api';
import { Fleet } from './fleet';
import { Host } from './host';
import { Lifecycle } from './lifecycle';
import { cpuMs, peakRssMib, percentile, round, rssMib } from './measures';
import { productRoot } from './product-root';

/**
 * How long a change of a queue takes to reach everybody who watches it over /api/stream (row F4): from the request that makes it to the
 * moment when a watcher has it. Fails when a watcher misses a change or gets one twice. Ends with one line of JSON.
 */
const USAGE = `npm run bench:watchers -- [--watchers <n>] (500) [--changes <n>] (100) [--waiting <n>] (50) [--view]
  --view  the watchers get the whole queue after each change, too`;

/** A change has to have reached all watchers by then. */
const PATIENCE_MS = 30_000;

class Watchers {
  /** When each change reached each watcher (performance.now). */
  readonly heard = new Map<number, number[]>();
  private readonly agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  private arrived: () => void = () => undefined;

  constructor(
    private readonly host: Host,
    private readonly path: string,
    readonly count: number,
  ) {}

  async open(): Promise<void> {
    for (let n = 0; n < this.count; n += 50) {
      const batch = Math.min(50, this.count - n);
      await Promise.all(Array.from({ length: batch }, () => this.openOne()));
    }
  }

  /** Waits until the change has reached everybody. @throws Error when it does not, or somebody has it twice. */
  async told(change: number): Promise<number[]> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const times = this.heard.get(change) ?? [];
      if (times.length > this.count) throw new Error(`change ${change} came ${times.length} times`);
      if (times.length === this.count) return times;
      if (performance.now() > giveUpAt) throw new Error(`change ${change} reached ${times.length} watchers`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private openOne(): Promise<void> {
    const headers = { 'x-functions-key': this.host.key };
    return new Promise((resolve, reject) => {
      const out = request(new URL(this.path, this.host.url), { agent: this.agent, headers }, (answer) => {
        if (answer.statusCode === 200) this.listen(answer, resolve);
        else reject(new Error(`the stream answered ${answer.statusCode}`));
      });
      // Streams end with the bench.
      out.on('error', (cause) => reject(cause));
      out.end();
    });
  }

  private listen(answer: IncomingMessage, opened: () => void): void {
    let rest = '';
    answer.setEncoding('utf8');
    answer.on('error', () => undefined);
    answer.on('data', (chunk: string) => {
      opened();
      const events = (rest + chunk).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        const id = /^id: (\d+)$/m.exec(event)?.[1];
        if (id === undefined) continue;
        const times = this.heard.get(Number(id)) ?? [];
        times.push(performance.now());
        this.heard.set(Number(id), times);
        if (times.length >= this.count) this.arrived();
      }
    });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      watchers: { type: 'string', default: '500' },
      changes: { type: 'string', default: '100' },
      waiting: { type: 'string', default: '50' },
      view: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const root = productRoot();
  const dir = mkdtempSync(join(tmpdir(), 'attendant-bench-'));
  const host = await Host.start(root, dir);
  const fleet = Fleet.start(dir);
  const api = new BenchApi(host.url, host.key);
  let watchers: Watchers | undefined;
  try {
    const bench = new Lifecycle({ api, host, fleet, dir, groups: 0 });
    const definition: unknown = JSON.parse(readFileSync(join(root, 'bench/noop-flow.json'), 'utf8'));
    await bench.publish(await zipFolder(join(root, 'bench/noop')), definition);
    const waiting = Number(values.waiting);
    const queue = await bench.fillQueue(waiting + 1, waiting + 1);
    const before = rssMib(host.pid);
    const path = `/api/stream?machine=${queue}${values.view ? '&view=queue' : ''}`;
    watchers = new Watchers(host, path, Number(values.watchers));
    await watchers.open();
    const open = rssMib(host.pid);
    const idleFrom = cpuMs(host.pid);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const idle = (cpuMs(host.pid) - idleFrom) / 5_000;
    const { all, last, cpu } = await changes({
      api,
      queue,
      watchers,
      count: Number(values.changes),
      pid: host.pid,
    });
    console.log(
      JSON.stringify({
        watchers: watchers.count,
        view: values.view,
        changes: Number(values.changes),
        reached_p50_ms: round(percentile(all, 0.5)),
        reached_p99_ms: round(percentile(all, 0.99)),
        last_watcher_p50_ms: round(percentile(last, 0.5)),
        last_watcher_max_ms: round(last.at(-1) ?? Number.NaN),
        host_cpu_ms_a_change: round(cpu),
        host_cpu_share_idle: round(idle, 3),
        host_mib: { before, open, peak: peakRssMib(host.pid) },
      }),
    );
  } finally {
    watchers?.close();
    api.close();
    fleet.stop();
    host.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Changes priorities, one after the other. @returns sorted times from the request to each watcher, to the last of them, and the host's CPU (ms). */
async function changes(of: {
  api: BenchApi;
  queue: string;
  watchers: Watchers;
  count: number;
  pid: number;
}): Promise<{ all: number[]; last: number[]; cpu: number }> {
  const path = `/api/machines/${of.queue}/queue`;
  const { waiting, change } = await of.api.call<QueueView>('GET', path);
  const all: number[] = [];
  const last: number[] = [];
  const cpuBefore = cpuMs(of.pid);
  for (let n = 0; n < of.count; n++) {
    const { run = '', priority: given } = waiting[n % waiting.length] ?? {};
    const changed = Math.floor(n / waiting.length) % 2 === 0;
    const priority = changed === (given === 'low') ? 'normal' : 'low';
    const begin = performance.now();
    const answer = of.api.call('PATCH', `${path}/${run}`, { priority });
    const times = await of.watchers.told(change + n + 1);
    await answer;
    all.push(...times.map((time) => time - begin));
    last.push(Math.max(...times) - begin);
  }
  const cpu = (cpuMs(of.pid) - cpuBefore) / of.count;
  return { all: all.sort((a, b) => a - b), last: last.sort((a, b) => a - b), cpu };
}

main().then(
  () => process.exit(0),
  (cause: unknown) => {
    console.error(cause);
    process.exit(1);
  },
);
