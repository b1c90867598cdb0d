import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

/** The same work on Attendant and on the peers of bench/peers, one after the other in one session, as one table. */
const USAGE = `npm run bench:peers -- [options]
  --runs <n>          runs per measurement (default 2000)
  --machines <a,b,c>  numbers of machines (default 1,50,500)
  --latency <n>       runs queued on one machine when the gap is measured (default 1000)
  --peers <a,b>       engines as bench/peers/run.sh takes them (default restate,dbos,bullmq:always)
  --dir <folder>      where the peers are installed (default bench/peers; see its README)`;

/** Both sides write it: bench/run.ts in `results`, the peers' harness as its last line. */
const measured = z.object({
  runs_per_s: z.number(),
  gap_ms: z.object({ p50: z.number().nullable(), p99: z.number().nullable() }),
});
type Measured = z.infer<typeof measured>;

const ours = z.object({
  peak_rss_mib: z.number(),
  results: z.array(measured.extend({ mode: z.enum(['throughput', 'latency']), machines: z.number() })),
});
const peer = measured.extend({ peak_rss_mib: z.object({ peakAll: z.number() }) });

/** Peak memory (MiB) of the engine, and for each column what was measured, or why not. */
interface Row {
  name: string;
  latency: Measured | string;
  throughput: (Measured | string)[];
  rssMib: number | undefined;
}

const LIMIT_MS = 15 * 60_000;

/** Runs a program. @returns the last line it printed. @throws Error with its last line of complaint. */
async function lastLine(command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: LIMIT_MS,
  });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.err += chunk));
  const code = await new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done));
  const last = (all: string): string => all.trim().split('\n').at(-1) ?? '';
  if (code !== 0) throw new Error(last(text.err) || `it ended with ${code}`);
  return last(text.out);
}

async function attempt<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (cause) {
    return cause instanceof Error ? cause.message.slice(0, 60) : String(cause);
  }
}

async function attendant(options: { runs: string; machines: string[]; latency: string }): Promise<Row> {
  const { runs, machines, latency } = options;
  const args = ['--runs', runs, '--machines', machines.join(','), '--latency', latency, '--json'];
  const done = await attempt(async () =>
    ours.parse(JSON.parse(await lastLine(process.execPath, [join(__dirname, 'run.js'), ...args]))),
  );
  const of = (mode: string, count: number): Measured | string =>
    typeof done === 'string'
      ? done
      : (done.results.find((one) => one.mode === mode && one.machines === count) ?? 'not measured');
  return {
    name: 'Attendant',
    latency: of('latency', 1),
    throughput: machines.map((count) => of('throughput', Number(count))),
    rssMib: typeof done === 'string' ? undefined : done.peak_rss_mib,
  };
}

async function engine(
  name: string,
  dir: string,
  options: { runs: string; machines: string[]; latency: string },
): Promise<Row> {
  let rssMib: number | undefined;
  const run = (...args: string[]): Promise<Measured | string> =>
    attempt(async () => {
      const line = await lastLine(join(dir, 'run.sh'), [name, ...args], { REPS: '1' });
      const result = peer.parse(JSON.parse(line));
      rssMib = Math.max(rssMib ?? 0, result.peak_rss_mib.peakAll);
      return result;
    });
  const latency = await run('latency', options.latency);
  const throughput: Row['throughput'] = [];
  for (const count of options.machines) throughput.push(await run(options.runs, count));
  return { name, latency, throughput, rssMib };
}

function print(rows: Row[], machines: string[]): void {
  const titles = ['engine', ...machines.map((count) => `runs/s M=${count}`), 'gap p50 / p99 ms', 'peak MiB'];
  const speed = (cell: Measured | string): string =>
    typeof cell === 'string' ? cell : String(Math.round(cell.runs_per_s));
  const gap = (cell: Measured | string): string =>
    typeof cell === 'string' ? cell : `${cell.gap_ms.p50 ?? '-'} / ${cell.gap_ms.p99 ?? '-'}`;
  console.log(`| ${titles.join(' | ')} |\n|${' --- |'.repeat(titles.length)}`);
  for (const { name, latency, throughput, rssMib } of rows) {
    console.log(`| ${[name, ...throughput.map(speed), gap(latency), rssMib ?? '-'].join(' | ')} |`);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '2000' },
      machines: { type: 'string', default: '1,50,500' },
      latency: { type: 'string', default: '1000' },
      peers: { type: 'string', default: 'restate,dbos,bullmq:always' },
      dir: { type: 'string', default: join(dirname(dirname(__dirname)), 'bench/peers') },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(USAGE);
  const dir = resolve(values.dir);
  const options = { runs: values.runs, latency: values.latency, machines: values.machines.split(',') };
  const rows = [await attendant(options)];
  if (!existsSync(join(dir, 'node_modules'))) {
    console.error(`The peers are not installed: npm ci in ${dir} (see the README there).`);
  } else {
    for (const name of values.peers.split(',').filter(Boolean)) rows.push(await engine(name, dir, options));
  }
  print(rows, options.machines);
}

main().catch((cause: unknown) => {
  console.error(cause);
  process.exit(1);
});
