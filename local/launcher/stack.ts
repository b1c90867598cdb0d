import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadEndpoint, loadKeys, openDataDir, type DataDir, type Endpoint } from './data-dir';
import { ensureLocalAgent } from './local-agent';
import { HOST_REFUSED, hostMessage } from './messages';
import { seedExamples } from './seed';
import { nodeProgram, Supervised } from './supervisor';

export interface StackOptions {
  /** Folder of the product: package.json, host.json, dist, examples. */
  root: string;
  dataDir: string;
  /** HTTP port; the one of local.settings.json when absent, any free one when 0. */
  port?: number | undefined;
  /** Bring up an agent for this computer and the examples. */
  withAgent: boolean;
  log: (line: string) => void;
  /** Ends a start that has not come to its end. */
  interrupted?: Promise<void>;
}

export interface Stack {
  url: string;
  key: string;
  dir: DataDir;
  /** True when this start created the installation. */
  firstStart: boolean;
  stop(): Promise<void>;
  /** Resolves when a part cannot be kept running; never otherwise. */
  failed: Promise<Error>;
}

/** Starts host and agent as child processes, waits until the API answers, and keeps them running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { root, log } = options;
  const dir = openDataDir(options.dataDir);
  const firstStart = !existsSync(join(dir.root, 'seeded.json'));
  const lastLines: string[] = [];
  let reportFailure: (cause: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => (reportFailure = resolve));

  let hostReady: (url: string) => void = () => undefined;
  const ready = new Promise<string>((resolve) => (hostReady = resolve));
  const host = new Supervised({
    name: 'host',
    node: nodeProgram(root),
    script: join(root, 'dist/local/launcher/host-process.js'),
    args: [
      '--root',
      root,
      '--data',
      dir.root,
      ...(options.port === undefined ? [] : ['--port', String(options.port)]),
    ],
    detached: true,
    fatalCodes: [HOST_REFUSED],
    onLine: (line) => {
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      log(line);
    },
    onMessage: (message) => {
      const parsed = hostMessage.safeParse(message);
      if (parsed.success) hostReady(parsed.data.url);
    },
    onGaveUp: () => reportFailure(new Error(lastLines.at(-1) ?? 'The host could not start.')),
  });

  const first = await Promise.race([ready, failed, ...(options.interrupted ? [options.interrupted] : [])]);
  if (typeof first !== 'string') {
    await host.stop();
    throw first ?? new Error('The start was interrupted.');
  }
  const key = loadKeys(dir).default;
  const agent = options.withAgent
    ? await ensureLocalAgent({
        root,
        dir,
        url: first,
        key,
        log,
        onGaveUp: (reason) => reportFailure(new Error(reason)),
      })
    : undefined;
  if (options.withAgent && agent) await seedExamples({ root, dir, url: first, key, machine: agent.machine });
  return {
    url: first,
    key,
    dir,
    firstStart,
    failed,
    async stop() {
      await agent?.stop();
      await host.stop();
    },
  };
}

/** The endpoint of a host that already runs on this data folder and answers, if there is one. */
export async function runningEndpoint(dataDir: string): Promise<Endpoint | undefined> {
  if (!existsSync(join(dataDir, 'endpoint.json'))) return undefined;
  const endpoint = loadEndpoint(openDataDir(dataDir));
  if (!endpoint) return undefined;
  try {
    const answer = await fetch(new URL('/api/health', endpoint.url), { signal: AbortSignal.timeout(2_000) });
    return answer.ok ? endpoint : undefined;
  } catch {
    return undefined;
  }
}
