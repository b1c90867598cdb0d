#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runDemo } from './launcher/demo';
import { EXAMPLE_FLOW } from './launcher/seed';
import { runningEndpoint, startStack, type StackOptions } from './launcher/stack';

const USAGE = `attendant start [options]            brings up host, broker, tables and an agent for this computer
attendant demo <invoices.csv>        runs the invoice example once and prints its result

  --port <n>     HTTP port (default: Host.LocalHttpPort in local.settings.json; 0 takes any free one)
  --data <dir>   where everything is kept (default: .attendant in the product's folder)
  --no-agent     no agent and no examples
  --quiet        print only the address and errors`;

/** The product's folder: the one with host.json, above dist/local or local. */
function productRoot(): string {
  for (let dir = __dirname; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'host.json'))) return dir;
    if (dir === dirname(dir)) throw new Error('host.json is missing: this installation is incomplete.');
  }
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${text}: give a number from 0 to 65535.`);
  return port;
}

function banner(url: string, key: string): string {
  return [
    '',
    `Attendant is ready: ${url}`,
    `  API   ${url}/api/runs      (key in .attendant/endpoint.json, header x-functions-key)`,
    '  try   npx attendant runs list',
    `        curl -s '${url}/api/runs?top=5' -H 'x-functions-key: ${key}'`,
    `        npx attendant flows run ${EXAMPLE_FLOW} --input csv=@examples/desktop-flows/invoices/sample/invoices.csv --wait`,
    'Ctrl-C stops it; everything is kept.',
    '',
  ].join('\n');
}

async function start(options: StackOptions): Promise<number> {
  const running = await runningEndpoint(options.dataDir);
  if (running) {
    console.error(`Attendant already runs on this data folder: ${running.url} (pid ${running.pid}).`);
    return 1;
  }
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  const stack = await startStack({ ...options, interrupted });
  console.log(banner(stack.url, stack.key));
  const failure = await Promise.race([interrupted, stack.failed]);
  await stack.stop();
  if (failure instanceof Error) throw failure;
  return 0;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      'no-agent': { type: 'boolean' },
      quiet: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const root = productRoot();
  const options: StackOptions = {
    root,
    dataDir: resolve(values.data ?? join(root, '.attendant')),
    port: parsePort(values.port),
    withAgent: !values['no-agent'],
    log: values.quiet ? () => undefined : (line) => console.log(line),
  };
  const [command = 'start', ...rest] = positionals;
  if (command === 'start' && rest.length === 0) return start(options);
  if (command === 'demo' && rest[0] !== undefined && rest.length === 1) return runDemo(options, rest[0]);
  console.error(USAGE);
  return 2;
}

main().then(
  (code) => process.exit(code),
  (cause: unknown) => {
    console.error(cause instanceof Error ? cause.message : String(cause));
    process.exit(1);
  },
);
