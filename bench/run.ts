import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { zipFolder } from '../local/launcher/zip-folder';
import { BenchApi } from './api';
import { Fleet } from './fleet';
import { Host } from './host';
import { Lifecycle, type Measured } from './lifecycle';
import { fsyncFloor, peakRssMib } from './measures';
import { productRoot } from './product-root';

/**
 * The run-lifecycle benchmark (docs/performance.md): N runs over M machines through the product's own path: HTTP, orchestrations,
 * run queue, Service Bus, agents. Ends with one line of JSON, and with 1 when a run was lost, repeated or out of order.
 */
const USAGE = `npm run bench -- [options]
  --runs <n>          runs per measurement (default 2000)
  --machines <a,b,c>  numbers of machines to measure (default 1,50,500)
  --groups <n>        spread the machines over n groups, each with one queue (default 0: a queue for each machine)
  --latency <n>       also measure the gap with n runs queued on one machine (default 1000; 0 leaves it out)
  --json              only the JSON line`;

/** A run too few or too many says that something is wrong; so does a bench that does not end. */
const LIMIT_MS = 10 * 60_000;
const WARM_UP = { runs: 200, machines: 10 };

function describe(result: Measured): string {
  const { mode, machines, runs, gap_ms: gap } = result;
  const work = mode === 'latency' ? `${runs} queued on 1 machine` : `${runs} runs on ${machines} machines`;
  return [
    `${work}: ${result.runs_per_s} runs/s`,
    `gap p50 ${gap.p50} ms, p99 ${gap.p99} ms`,
    `CPU per run: host ${result.host_cpu_ms_per_run} ms, agents ${result.agents_cpu_ms_per_run} ms`,
    ...(result.open_runs_rss_mib === undefined ? [] : [`host ${result.open_runs_rss_mib} MiB with all open`]),
    `${result.verified} succeeded`,
  ].join(' · ');
}

function isRight(result: Measured): boolean {
  return result.violations + result.repeats + result.out_of_order === 0 && result.verified === result.runs;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '2000' },
      machines: { type: 'string', default: '1,50,500' },
      groups: { type: 'string', default: '0' },
      latency: { type: 'string', default: '1000' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return true;
  }
  const say = (line: string): void => {
    if (!values.json) console.log(line);
  };
  const root = productRoot();
  const dir = mkdtempSync(join(tmpdir(), 'attendant-bench-'));
  const floor = fsyncFloor();
  say(`disk: ${floor.per_s} synced appends a second, p50 ${floor.p50_ms} ms`);
  const host = await Host.start(root, dir);
  const fleet = Fleet.start(dir);
  const api = new BenchApi(host.url, host.key);
  try {
    const bench = new Lifecycle({ api, host, fleet, dir, groups: Number(values.groups) });
    const definition: unknown = JSON.parse(readFileSync(join(root, 'bench/noop-flow.json'), 'utf8'));
    await bench.publish(await zipFolder(join(root, 'bench/noop')), definition);
    const results: Measured[] = [];
    const measure = async (mode: Measured['mode'], runs: number, machines: number): Promise<void> => {
      const result = await bench.measure(mode, runs, machines);
      results.push(result);
      say(describe(result));
    };
    await bench.measure('throughput', WARM_UP.runs, WARM_UP.machines);
    if (Number(values.latency) > 0) await measure('latency', Number(values.latency), 1);
    for (const machines of values.machines.split(',').map(Number))
      await measure('throughput', Number(values.runs), machines);
    const line = {
      runs_per_s: Math.max(...results.map((result) => result.runs_per_s)),
      gap_ms: results[0]?.gap_ms,
      peak_rss_mib: peakRssMib(host.pid),
      agents_peak_rss_mib: peakRssMib(fleet.pid),
      results,
      disk: floor,
      cores: cpus().length,
      node: process.version,
    };
    console.log(JSON.stringify(line));
    return results.every(isRight);
  } finally {
    api.close();
    fleet.stop();
    host.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

setTimeout(() => {
  console.error('The bench did not end in ten minutes.');
  process.exit(1);
}, LIMIT_MS).unref();

main().then(
  (right) => process.exit(right ? 0 : 1),
  (cause: unknown) => {
    console.error(cause);
    process.exit(1);
  },
);
