import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { LocalApi, type RunView } from './local-api';
import { EXAMPLE_FLOW } from './seed';
import { runningEndpoint, startStack, type StackOptions } from './stack';

const POLL_MS = 100;

interface Reject {
  row: number;
  reasons: string[];
}

/** @throws Error in plain words when the file cannot be read. */
function checkReadable(path: string): void {
  try {
    if (statSync(path).isFile()) {
      const file = openSync(path, 'r');
      try {
        readSync(file, Buffer.alloc(1));
      } finally {
        closeSync(file);
      }
      return;
    }
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new Error(`${path}: ${missing ? 'there is no such file' : 'this file cannot be read'}.`, { cause });
  }
  throw new Error(`${path}: this is not a file.`);
}

function printResult(outputs: Record<string, unknown>): void {
  const totals = (outputs['totals'] ?? {}) as Record<string, string>;
  const rejects = (outputs['rejects'] ?? []) as Reject[];
  console.log(`accepted ${String(outputs['accepted'])}, rejected ${String(outputs['rejected'])}`);
  console.log('Totals per currency:');
  for (const [currency, total] of Object.entries(totals)) console.log(`  ${currency} ${total}`);
  console.log(rejects.length === 0 ? 'No rejected rows.' : 'Rejected rows:');
  for (const reject of rejects) console.log(`  row ${reject.row}: ${reject.reasons.join('; ')}`);
}

async function follow(api: LocalApi, run: string): Promise<RunView> {
  let shown = '';
  for (;;) {
    const view = await api.run(run);
    if (view.status !== shown) console.log(`run ${run}: ${view.status}`);
    shown = view.status;
    if (view.status !== 'Running' && view.status !== 'Waiting') return view;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * One run of the invoice example on the file at `path`, on the host that runs here or on one brought up for it.
 * @returns the exit code: 0 with the totals and the rejected rows on the last lines, 1 with the run's error.
 */
export async function runDemo(options: StackOptions, path: string): Promise<number> {
  checkReadable(path);
  const running = await runningEndpoint(options.dataDir);
  const stack = running
    ? undefined
    : await startStack({ ...options, port: options.port ?? 0, log: () => undefined });
  try {
    const { url, key } = running ?? { url: stack?.url ?? '', key: stack?.key ?? '' };
    const api = new LocalApi(url, key);
    const csv = await api.uploadFile(path);
    const view = await follow(api, await api.runFlow(EXAMPLE_FLOW, { csv }));
    if (view.status === 'Succeeded') {
      printResult(view.outputs ?? {});
      return 0;
    }
    console.error(`${view.error?.code ?? view.status}: ${view.error?.message ?? 'the run did not succeed'}`);
    if (view.error?.details) console.error(view.error.details);
    return 1;
  } finally {
    await stack?.stop();
  }
}
