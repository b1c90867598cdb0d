import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TableClient } from '@azure/data-tables';
import { Checks } from './crash/checks';
import { Ledger } from './crash/ledger';
import { Load } from './crash/load';
import { Random } from './crash/random';
import { Victim, type Addresses } from './crash/victim';

const USAGE = `npm run crash -- [options]

Kills the local host (Functions host, Durable engine, broker, tables) at random moments under a mixed load, starts it
again on the same file, and checks that nothing accepted was lost and nothing was done twice.

  --kills <n>      how often (default 20)
  --seed <n>       for the choice of loads and moments
  --report <file>  result in the form of jest's --json, for .ci/run
  --keep           keep the data folder also on success`;

/** Share of kills that come right after an answer, and of those that come while the host starts. */
const AFTER_ANSWER = 0.3;
const WHILE_STARTING = 0.15;
const LONGEST_LIFE_MS = 900;
const NOTICED_MS = 100;

function productRoot(): string {
  for (let dir = __dirname; ; dir = dirname(dir)) if (existsSync(join(dir, 'host.json'))) return dir;
}

/** One life of the host, ended by a kill. */
async function live(options: {
  victim: Victim;
  ledger: Ledger;
  random: Random;
  addresses: Addresses;
  round: number;
}): Promise<void> {
  const { victim, random, round } = options;
  let answers = random.next() < AFTER_ANSWER ? Math.ceil(random.between(1, 200)) : Infinity;
  let kill: () => void = () => undefined;
  const enough = new Promise<void>((resolve) => (kill = resolve));
  const answered = (): void => {
    if (--answers === 0) kill();
  };
  const load = new Load({ ...options, answered }, round);
  const running = load.run();
  await Promise.race([enough, pause(random.between(20, LONGEST_LIFE_MS))]);
  await victim.kill();
  load.stop();
  // The Service Bus client takes its time to notice; what it still has under way stays uncertain.
  await Promise.race([running, pause(NOTICED_MS)]);
  void load.close();
}

async function crash(options: { kills: number; seed: number; dataDir: string }): Promise<Ledger> {
  const random = new Random(options.seed);
  const ledger = new Ledger();
  const victim = new Victim({
    script: join(__dirname, 'crash-host.js'),
    app: join(productRoot(), 'test/fixtures/crash-app'),
    dataDir: options.dataDir,
    key: randomBytes(32).toString('base64'),
  });
  let addresses = await victim.start();
  await TableClient.fromConnectionString(addresses.tables, 'asked', {
    allowInsecureConnection: true,
  }).createTable();
  await TableClient.fromConnectionString(addresses.tables, 'marks', {
    allowInsecureConnection: true,
  }).createTable();
  const begun = Date.now();
  try {
    for (let kill = 1; kill <= options.kills && ledger.violations.length === 0; kill++) {
      await live({ victim, ledger, random, addresses, round: kill });
      if (random.next() < WHILE_STARTING && kill < options.kills) {
        kill++;
        await victim.startAndKill(random.between(50, 1_500));
      }
      addresses = await victim.start();
      await new Checks(ledger, addresses).afterRestart(kill);
      if (kill % 10 === 0 || kill === options.kills) tell(ledger, kill, Date.now() - begun);
    }
    if (ledger.violations.length === 0) {
      const load = new Load({ ledger, random, addresses, answered: () => undefined }, options.kills + 1);
      await new Checks(ledger, addresses).atTheEnd(load);
      await load.close();
    }
  } finally {
    await victim.kill();
  }
  return ledger;
}

function tell(ledger: Ledger, kills: number, ms: number): void {
  const { instances, answered, unanswered, completed, rows } = ledger;
  console.log(
    `${kills} kills, ${(ms / 1_000).toFixed(0)} s: ${instances.size} instances (${ledger.unfinished().length} open), ` +
      `${answered} answers, ${unanswered} cut off, ${completed.size} messages received, ${rows.size} rows`,
  );
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '20' },
      seed: { type: 'string' },
      report: { type: 'string' },
      keep: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const kills = Number(values.kills);
  const seed = values.seed === undefined ? randomInt(1, 1_000_000_000) : Number(values.seed);
  if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) throw new Error(USAGE);
  const dataDir = mkdtempSync(join(tmpdir(), 'attendant-crash-'));
  console.log(`${kills} kills, seed ${seed}, data in ${dataDir}`);
  let violations: string[];
  try {
    const ledger = await crash({ kills, seed, dataDir });
    ({ violations } = ledger);
    if (violations.length > 0) writeFileSync(join(dataDir, 'ledger.json'), evidence(ledger));
  } catch (cause) {
    violations = [cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)];
  }
  for (const violation of violations) console.error(`VIOLATED: ${violation}`);
  const passed = violations.length === 0;
  if (values.report !== undefined) {
    const result = { numPassedTests: passed ? 1 : 0, numFailedTests: passed ? 0 : 1 };
    writeFileSync(
      values.report,
      JSON.stringify({ ...result, numRuntimeErrorTestSuites: 0, numPendingTests: 0 }),
    );
  }
  if (passed) {
    console.log(`Survived ${kills} kills: nothing accepted was lost, nothing was done twice.`);
    if (!values.keep) rmSync(dataDir, { recursive: true, force: true });
    return 0;
  }
  console.error(`Failed; seed ${seed}; store, log of the host and ledger are kept in ${dataDir}.`);
  return 1;
}

function evidence(ledger: Ledger): string {
  const plain = (_key: string, value: unknown): unknown =>
    value instanceof Map ? Object.fromEntries(value) : value instanceof Set ? [...value] : value;
  return JSON.stringify(ledger, plain, 1);
}

main().then(
  (code) => process.exit(code),
  (cause: unknown) => {
    console.error(cause instanceof Error ? cause.message : cause);
    process.exit(1);
  },
);
