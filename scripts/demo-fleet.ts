import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readScenario } from '../agent/simulate/scenario';
import { runFleetDemo } from '../local/launcher/fleet-demo';
import { fleetScreen } from '../local/launcher/fleet-screen';
import { readWork } from '../local/launcher/fleet-work';
import { startStack } from '../local/launcher/stack';

const USAGE = `npm run demo:fleet -- [options]     a fleet of simulated machines works off what it is given

  --scenario <file>  machines and what happens to them (default: examples/fleet/fleet.yaml)
  --work <file>      what they are given to do and how it has to end (default: examples/fleet/work.yaml)
  --speed <factor>   how much faster than real time the machines live (default: 1)`;

/** The product's folder, above dist/scripts or scripts. */
function productRoot(): string {
  for (let dir = __dirname; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'host.json'))) return dir;
    if (dir === dirname(dir)) throw new Error('host.json is missing: this installation is incomplete.');
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string' },
      work: { type: 'string' },
      speed: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const speed = Number(values.speed);
  if (!(speed > 0 && speed <= 100)) throw new Error('--speed: give a number over 0, at most 100.');
  const root = productRoot();
  const scenario = readScenario(
    readFileSync(values.scenario ?? join(root, 'examples/fleet/fleet.yaml'), 'utf8'),
  );
  const work = readWork(readFileSync(values.work ?? join(root, 'examples/fleet/work.yaml'), 'utf8'));

  // People sign in and out within seconds here; the control plane is to see it as soon.
  process.env['ATTENDANT_HEARTBEAT_MS'] ??= '1000';
  const dataDir = mkdtempSync(join(tmpdir(), 'attendant-fleet-'));
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  console.log('The control plane starts …');
  try {
    const stack = await startStack({
      root,
      dataDir,
      port: 0,
      withAgent: false,
      log: () => undefined,
      interrupted,
    });
    try {
      const { url, key } = stack;
      const screen = fleetScreen(process.stdout);
      const demo = runFleetDemo({
        root,
        url,
        key,
        dataDir: join(dataDir, 'fleet'),
        scenario,
        work,
        speed,
        screen,
      });
      const ended = await Promise.race([demo, stack.failed, interrupted]);
      if (ended instanceof Error) throw ended;
      return ended === true ? 0 : 1;
    } finally {
      await stack.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20 });
  }
}

main().then(
  (code) => process.exit(code),
  (cause: unknown) => {
    console.error(cause instanceof Error ? cause.message : String(cause));
    process.exit(1);
  },
);
