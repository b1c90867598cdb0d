import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Case } from './acceptance/case';
import { eventCases } from './acceptance/events';
import { queueCases } from './acceptance/queues';
import { runCases } from './acceptance/runs';
import { World } from './acceptance/world';

const USAGE = `npm run acceptance -- --url <address> --key-file <file> [--only <word>]

Goes through what the product does on a host that runs somewhere (any Functions host with this app, keys on), with simulated machines of its own.
  --key-file   host key, or master key (then Event Grid's webhook can be asked too); - reads standard input
  --only       only cases whose title has this word`;

async function passes([title, check]: Case, world: World): Promise<boolean> {
  const beganAt = Date.now();
  try {
    await check(world);
    console.log(`ok    ${title}  (${((Date.now() - beganAt) / 1_000).toFixed(1)} s)`);
    return true;
  } catch (cause) {
    console.log(
      `FAIL  ${title}\n      ${cause instanceof Error ? cause.message.replaceAll('\n', '\n      ') : String(cause)}`,
    );
    return false;
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      'key-file': { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const keyFile = values['key-file'];
  if (values.help || values.url === undefined || keyFile === undefined) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  // People do not wait for a heartbeat every 30 s here.
  process.env['ATTENDANT_HEARTBEAT_MS'] ??= '2000';
  const key = readFileSync(keyFile === '-' ? 0 : keyFile, 'utf8').trim();
  const world = new World(values.url.replace(/\/$/, ''), key);
  const cases = [...runCases, ...queueCases, ...eventCases].filter(([title]) =>
    title.includes(values.only ?? ''),
  );
  let passed = 0;
  try {
    await world.open();
    for (const each of cases) if (await passes(each, world)) passed++;
  } finally {
    await world.close();
  }
  console.log(`${passed} passed, ${cases.length - passed} failed`);
  return passed === cases.length && passed > 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (cause: unknown) => {
    console.error(cause instanceof Error ? cause.message : String(cause));
    process.exit(1);
  },
);
