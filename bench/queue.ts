import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { QueueView } from '../contracts/api-machines';
import { zipFolder } from '../local/launcher/zip-folder';
import { BenchApi } from './api';
import { Fleet } from './fleet';
import { Host } from './host';
import { Lifecycle } from './lifecycle';
import { cpuMs, percentile, round } from './measures';
import { productRoot } from './product-root';

/**
 * What a command of a queue costs end to end (HTTP, orchestration, entity, feed) beside 100, 500 and 2,000 waiting runs: the middle of
 * the answer times and the host's CPU, and both as ratios to the shortest queue. Ends with one line of JSON.
 */
const USAGE = `npm run bench:queue -- [--commands <n>] (default 300 for each length)`;
const LENGTHS = [100, 500, 2_000];
const WARM_UP = 100;

interface Measured {
  waiting: number;
  p50_ms: number;
  cpu_ms: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { commands: { type: 'string', default: '300' }, help: { type: 'boolean' } },
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
  try {
    const bench = new Lifecycle({ api, host, fleet, dir, groups: 0 });
    const definition: unknown = JSON.parse(readFileSync(join(root, 'bench/noop-flow.json'), 'utf8'));
    await bench.publish(await zipFolder(join(root, 'bench/noop')), definition);
    const results: Measured[] = [];
    let queued = 0;
    for (const length of LENGTHS) {
      const queue = await bench.fillQueue(length + 1 - queued, length + 1);
      queued = length + 1;
      await commands({ api, queue, count: WARM_UP, pid: host.pid });
      const { times, cpu } = await commands({ api, queue, count: Number(values.commands), pid: host.pid });
      results.push({ waiting: length, p50_ms: round(percentile(times, 0.5)), cpu_ms: round(cpu) });
      console.log(
        `${length} waiting: p50 ${results.at(-1)?.p50_ms} ms, CPU ${results.at(-1)?.cpu_ms} ms a command`,
      );
    }
    const [least] = results;
    const ratios = results.map(({ waiting, p50_ms, cpu_ms }) => ({
      waiting,
      time: round(p50_ms / (least?.p50_ms ?? 1)),
      cpu: round(cpu_ms / (least?.cpu_ms ?? 1)),
    }));
    console.log(JSON.stringify({ results, ratios }));
  } finally {
    api.close();
    fleet.stop();
    host.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Priorities, moves to the top and back, each on another run. @returns sorted answer times, and CPU of one command (ms). */
async function commands(of: {
  api: BenchApi;
  queue: string;
  count: number;
  pid: number;
}): Promise<{ times: number[]; cpu: number }> {
  const path = `/api/machines/${of.queue}/queue`;
  const { waiting } = await of.api.call<QueueView>('GET', path);
  const bodies = [{ priority: 'high' }, { priority: 'low' }, { position: 'top' }, { undo: true }];
  const times: number[] = [];
  const cpuBefore = cpuMs(of.pid);
  for (let n = 0; n < of.count; n++) {
    // A move and its undoing concern the same run.
    const run = waiting[(Math.floor(n / bodies.length) * 37) % waiting.length]?.run ?? '';
    const begin = performance.now();
    await of.api.call('PATCH', `${path}/${run}`, bodies[n % bodies.length]);
    times.push(performance.now() - begin);
  }
  return { times: times.sort((a, b) => a - b), cpu: (cpuMs(of.pid) - cpuBefore) / of.count };
}

main().then(
  () => process.exit(0),
  (cause: unknown) => {
    console.error(cause);
    process.exit(1);
  },
);
