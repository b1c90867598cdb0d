import { randomInt } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { kill } from '../support/processes';
import { Product } from '../support/product';
import { MachineUser, requireMachine } from './support/machine-user';
import { FILL_ORDER, ORDER_FORM } from './support/order-form';
import { ServiceAgent } from './support/service-agent';

/** `npm run gui:kills -- --rounds 100` sets it. */
const rounds = Number(process.env['GUI_KILL_ROUNDS'] ?? 5);
const victims = ['listener', 'worker', 'X server'] as const;
type Victim = (typeof victims)[number];
/** A run takes about four seconds when nothing happens to it. */
const LATEST_MS = 3_500;

jest.setTimeout(240_000 + rounds * 120_000);

let product: Product;
let agent: ServiceAgent;
let ada: MachineUser;
beforeAll(async () => {
  requireMachine();
  ada = new MachineUser();
  product = await Product.start();
  agent = await ServiceAgent.start(product, 'service');
  await agent.publish('order', { 'main.js': FILL_ORDER, 'form.py': ORDER_FORM });
  await agent.addFlow('order', ada, ['customer', 'amount', 'end']);
});
afterAll(async () => {
  await agent?.stop();
  await product?.stop();
  await ada?.remove();
});

function pidOf(victim: Victim): number | undefined {
  if (victim === 'listener') return agent.pid;
  const program = victim === 'worker' ? /dist\/agent\/worker\.js/ : /^Xvfb/;
  return [...ada.processes()].find(([, line]) => program.test(line))?.[0];
}

/** Everything of sessions and runs that can be found on the machine. */
function remains(groups: readonly string[]): string[] {
  const inFolder = (folder: string): string[] =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  const ofAda = (file: string): boolean => {
    try {
      return lstatSync(file).uid === ada.uid;
    } catch {
      return false;
    }
  };
  return [
    ...[...ada.processes()].map(([pid, line]) => `${pid} ${line}`),
    ...[
      ...inFolder('/tmp/.X11-unix'),
      ...inFolder('/tmp').filter((file) => /\.X\d+-lock$/.test(file)),
    ].filter(ofAda),
    ...inFolder('/run/attendant').filter((folder) => ofAda(join(folder, 'runtime'))),
    ...['sessions', 'runs'].flatMap((folder) => inFolder(join(agent.dataDir, folder))),
    ...groups.filter((group) => existsSync(group)),
  ];
}

/** Control groups of the sessions that exist now. */
function groupsNow(): string[] {
  const folder = join(agent.dataDir, 'sessions');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return names.flatMap((name) => {
    try {
      return (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { group?: string }).group ?? [];
    } catch {
      return [];
    }
  });
}

test(`C1 L4: ${rounds} times listener, worker or X server is killed at a random moment: no process, no session, no stuck run remains`, async () => {
  const outcomes = new Map<string, number>();
  for (let round = 1; round <= rounds; round++) {
    const victim = victims[round % victims.length] ?? 'listener';
    const delayMs = randomInt(LATEST_MS);
    const what = `round ${round}: ${victim} after ${delayMs} ms`;
    const run = await product.startRun('order', { customer: 'Grace', amount: String(round), end: 'slow' });
    await after(delayMs);
    const pid = await product.until(`${what}: something to kill`, async () => {
      const found = pidOf(victim);
      return found ?? ((await product.run(run)).status !== 'Running' ? -1 : undefined);
    });
    const groups = groupsNow();
    if (pid > 0) kill(pid);

    const view = await product.ended(run, 60_000);
    const outcome = view.children?.[0]?.error?.code ?? view.status;
    outcomes.set(`${victim}: ${outcome}`, (outcomes.get(`${victim}: ${outcome}`) ?? 0) + 1);
    expect([what, outcome]).toEqual([
      what,
      expect.stringMatching(/^(Succeeded|SessionNotFound|SessionCreationError)$/),
    ]);
    await agent.idle();
    let left: string[] = [];
    await product.until(`${what}: nothing to remain`, () => (left = remains(groups)).length === 0, {
      evidence: () => `${left.join('\n')}\n${agent.output.slice(-3_000)}`,
    });
  }
  process.stdout.write(`${rounds} kills: ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
});
