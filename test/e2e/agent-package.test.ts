import { spawn, type ChildProcess } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { upgrade } from '../../agent/cli/upgrade';
import { runTool } from '../../agent/system/run-tool';
import { Gate } from './support/gate-flow';
import { kill, ROOT, runProgram } from './support/processes';
import { Product } from './support/product';
import { until } from './support/until';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const NEXT = '9.9.9';

let built: string;
let empty: string;
let product: Product;
let running: ChildProcess | undefined;
let said = '';

beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), 'attendant-package-'));
  empty = mkdtempSync(join(tmpdir(), 'attendant-agent-alone-'));
  const bundle = await runProgram(process.execPath, [
    join(ROOT, 'scripts/bundle-agent.mjs'),
    join(built, 'package'),
  ]);
  if (bundle.code !== 0) throw new Error(bundle.err);
  product = await Product.start({ args: ['--no-agent'] });
});
afterAll(async () => {
  if (running?.pid) kill(running.pid, 'SIGTERM');
  await product?.stop();
  for (const folder of [built, empty]) rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

const program = (): string => join(empty, 'attendant-agent.cjs');
const dataDir = (): string => join(empty, 'data');

async function agent(args: string[], input?: string) {
  const words = [program(), ...args, '--data', dataDir()].map((word) => `'${word}'`).join(' ');
  return runProgram('sh', ['-c', `printf %s '${input ?? ''}' | '${process.execPath}' ${words}`], {
    cwd: empty,
  });
}

function start(): void {
  running = spawn(
    process.execPath,
    [program(), 'run', '--session', 'own', '--allow-elevated', '--data', dataDir()],
    {
      cwd: empty,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  for (const stream of [running.stdout, running.stderr])
    stream?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
}

async function stop(): Promise<void> {
  const child = running;
  if (!child) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await gone;
}

test('the package is one file with its version and no dependencies', async () => {
  const manifest = JSON.parse(readFileSync(join(built, 'package/package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  expect(manifest).toMatchObject({
    name: 'attendant-agent',
    version,
    bin: { 'attendant-agent': 'attendant-agent.cjs' },
  });
  expect(manifest).not.toHaveProperty('dependencies');
  copyFileSync(join(built, 'package/attendant-agent.cjs'), program());
  expect(await agent(['--version'])).toMatchObject({ code: 0, out: `${version}\n` });
});

test('a token that is refused, and a folder without a machine, are said with an exit code', async () => {
  const { url } = product.endpoint;
  const refused = await agent(['register', '--url', url, '--name', 'alone', '--token', '-'], 'not-a-token');
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toMatch(/^RegistrationTokenInvalid: .+\n.+/);
  expect(await agent(['run'])).toMatchObject({
    code: 78,
    err: expect.stringMatching(/^NotRegistered: /) as string,
  });
});

test('alone in an empty folder it registers in silence, executes a flow, and is exchanged between two runs', async () => {
  const { url } = product.endpoint;
  const { token } = await product.ok('POST', '/api/registration-tokens', {});
  const registered = await agent(
    ['register', '--url', url, '--name', 'alone', '--token', '-'],
    String(token),
  );
  expect(registered).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Registered alone as m-\w+ at /) as string,
  });
  expect(registered.out).not.toContain(String(token));
  start();
  await Gate.publish(product);
  const id = await product.machine();
  await product.ok('PUT', '/api/connections/this-computer', { target: { kind: 'machine', id } });
  const gate = new Gate(product);
  const run = await gate.start();
  await gate.begun();

  // The next version, offered while a run is at work.
  const next = join(built, 'next.cjs');
  writeFileSync(next, readFileSync(program(), 'utf8').replaceAll(`"${version}"`, `"${NEXT}"`));
  const told: string[] = [];
  let restarts = 0;
  const upgraded = upgrade({
    dataDir: dataDir(),
    from: next,
    program: program(),
    waitMs: 60_000,
    runTool,
    restart: async () => {
      restarts++;
      await stop();
      start();
    },
    tell: (line) => told.push(line),
  });
  await until('the upgrade to wait', () => told.length > 0);
  expect(told[0]).toContain(`${run}-1`);
  const second = await gate.start();
  await until('the second run to be refused', async () => {
    const text = JSON.stringify(await product.ok('GET', `/api/machines/${id}/queue`));
    return text.includes(second);
  });
  expect(restarts).toBe(0);
  gate.open();
  expect(await product.ended(run)).toMatchObject({ status: 'Succeeded', outputs: { word: 'open' } });
  expect(await upgraded).toBe(NEXT);
  expect(restarts).toBe(1);
  expect(await agent(['--version'])).toMatchObject({ out: `${NEXT}\n` });
  expect(existsSync(`${program()}.previous`)).toBe(true);
  // It waited for the new program.
  expect(await product.ended(second, 120_000)).toMatchObject({ status: 'Succeeded' });
  expect(gate.executions()).toBe(2);
  expect(said).not.toContain('interrupted');
});

test('a program that is no agent, or does not stay up, changes nothing', async () => {
  const broken = join(built, 'broken.cjs');
  writeFileSync(broken, 'throw new Error("damaged file");');
  const options = { dataDir: dataDir(), program: program(), waitMs: 10_000, runTool, tell: () => undefined };
  const refused = upgrade({ ...options, from: broken, restart: async () => undefined });
  await expect(refused).rejects.toMatchObject({ code: 'UpgradeRefused' });
  expect(await agent(['--version'])).toMatchObject({ out: `${NEXT}\n` });

  const short = join(built, 'short.cjs');
  writeFileSync(short, "if (process.argv.includes('--version')) console.log('9.9.9'); else process.exit(1);");
  const replaced = upgrade({
    ...options,
    from: short,
    trial: { upMs: 10_000, stayMs: 1_000 },
    restart: async () => {
      if (running?.exitCode === null) await stop();
      start();
    },
  });
  await expect(replaced).rejects.toMatchObject({
    code: 'UpgradeFailed',
    message: expect.stringMatching(/^Version 9\.9\.9 does not start: .* is back and runs\.$/) as string,
  });
  expect(await agent(['--version'])).toMatchObject({ out: `${NEXT}\n` });
  expect(await agent(['status'])).toMatchObject({
    out: expect.stringContaining(`pid ${running?.pid}`) as string,
  });
});

test('J2: doctor and diagnostics of the packaged agent', async () => {
  const doctor = await agent(['doctor', '--session', 'own', '--json']);
  const checks = JSON.parse(doctor.out) as { name: string; ok: boolean; text: string }[];
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'node',
      'data folder',
      'session',
      'service',
      'registration',
      'network',
      'credentials',
      'clock',
      'broker',
    ]),
  );
  mkdirSync(join(empty, 'out'));
  const zip = join(empty, 'out/diagnostics.zip');
  expect(await agent(['diagnostics', '--session', 'own', '--out', zip])).toMatchObject({ code: 0 });
  expect(existsSync(zip)).toBe(true);
  await stop();
  const off = await agent(['doctor', '--session', 'own']);
  expect(off.code).toBe(1);
  expect(off.out).toContain('FAIL  service: The agent is not running');
  expect(await agent(['status'])).toMatchObject({
    code: 1,
    out: expect.stringContaining('not running') as string,
  });
});
