import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BenchApi } from './api';
import { Host } from './host';
import { cpuMs, peakRssMib, percentile, round } from './measures';
import { productRoot } from './product-root';

/**
 * Instant cloud flows (docs/performance.md): requests come at their rate whether or not earlier ones were answered, and an answer's time counts from
 * the moment when its request was due. Ends with one line of JSON, and with 1 when a request was refused or a run was lost or there twice.
 */
const USAGE = `npm run bench:flows -- [options]
  --rate <n>     requests a second (default 200)
  --seconds <n>  for how long (default 20)`;

const WARM_UP = { rate: 50, seconds: 3 };
/** Until the runs that were accepted have ended. */
const PATIENCE_MS = 5 * 60_000;
const PAGE = 100;

const flow = {
  name: 'instant',
  triggers: { http: { type: 'Request', kind: 'Http' } },
  actions: { Say: { type: 'Compose', inputs: "@{triggerBody()['n']}" } },
};

interface Offered {
  runs: string[];
  refused: number;
  /** ms, in order. */
  answerTimes: number[];
  seconds: number;
}

/** Offers requests in an open loop and waits for all answers. */
async function offer(api: BenchApi, { rate, seconds }: { rate: number; seconds: number }): Promise<Offered> {
  const runs: string[] = [];
  const answerTimes: number[] = [];
  let refused = 0;
  const begin = performance.now();
  const request = async (n: number, dueMs: number): Promise<void> => {
    try {
      const { run } = await api.call<{ run: string }>('POST', '/api/flows/instant/run', { n });
      runs.push(run);
    } catch {
      refused += 1;
    }
    answerTimes.push(performance.now() - dueMs);
  };
  const requests: Promise<void>[] = [];
  while (requests.length < rate * seconds) {
    const due = Math.min(rate * seconds, ((performance.now() - begin) * rate) / 1_000);
    while (requests.length < due) {
      requests.push(request(requests.length, begin + (requests.length * 1_000) / rate));
    }
    await pause(1);
  }
  await Promise.all(requests);
  answerTimes.sort((a, b) => a - b);
  return { runs, refused, answerTimes, seconds: (performance.now() - begin) / 1_000 };
}

/** How often each run is in the index, by how it stands. */
async function listed(api: BenchApi): Promise<{ run: string; status: string }[]> {
  const found: { run: string; status: string }[] = [];
  let continuation = '';
  do {
    const path = `/api/runs?flow=instant&top=${PAGE}${continuation && `&continuation=${continuation}`}`;
    const page = await api.call<{ runs: typeof found; continuation?: string }>('GET', path);
    found.push(...page.runs);
    continuation = page.continuation ?? '';
  } while (continuation);
  return found;
}

/** Waits for the end of all runs. @returns those that ended once, and those that nobody was told of or that are there twice. */
async function verify(
  api: BenchApi,
  accepted: ReadonlySet<string>,
): Promise<{ ended: number; wrong: number }> {
  for (const endMs = Date.now() + PATIENCE_MS; ; await pause(500)) {
    const runs = await listed(api);
    const succeeded = new Set(runs.filter(({ status }) => status === 'Succeeded').map(({ run }) => run));
    const ended = [...accepted].filter((run) => succeeded.has(run)).length;
    if (ended === accepted.size || Date.now() > endMs) return { ended, wrong: runs.length - accepted.size };
  }
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '20' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return true;
  }
  const dir = mkdtempSync(join(tmpdir(), 'attendant-bench-'));
  const host = await Host.start(productRoot(), dir);
  const api = new BenchApi(host.url, host.key);
  try {
    await api.call('PUT', '/api/flows/instant', flow);
    const warmUp = await offer(api, WARM_UP);
    await verify(api, new Set(warmUp.runs));
    const cpuBefore = cpuMs(host.pid);
    const begin = performance.now();
    const offered = await offer(api, { rate: Number(values.rate), seconds: Number(values.seconds) });
    const accepted = new Set([...warmUp.runs, ...offered.runs]);
    const { ended, wrong } = await verify(api, accepted);
    const right = offered.refused === 0 && wrong === 0 && ended === accepted.size;
    const line = {
      offered_per_s: Number(values.rate),
      accepted: offered.runs.length,
      accepted_per_s: round(offered.runs.length / offered.seconds, 1),
      refused: offered.refused,
      answer_ms: {
        p50: round(percentile(offered.answerTimes, 0.5), 1),
        p99: round(percentile(offered.answerTimes, 0.99), 1),
      },
      ended_once: ended - warmUp.runs.length,
      all_ended_after_s: round((performance.now() - begin) / 1_000, 1),
      host_cpu_ms_per_run: round((cpuMs(host.pid) - cpuBefore) / offered.runs.length),
      peak_rss_mib: peakRssMib(host.pid),
      load_average: round(loadavg()[0] ?? Number.NaN, 1),
      cores: cpus().length,
      node: process.version,
    };
    console.log(JSON.stringify(line));
    return right;
  } finally {
    api.close();
    host.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

main().then(
  (right) => process.exit(right ? 0 : 1),
  (cause: unknown) => {
    console.error(cause);
    process.exit(1);
  },
);
