import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pace } from '../../../agent/simulate/pace';
import { readScenario } from '../../../agent/simulate/scenario';
import { SimulatedAgent } from '../../../agent/simulate/simulated-agent';
import { go, offer } from '../../support/agent/agent-fixture';
import { FakeControlPlane, newRunId } from '../../support/agent/fake-control-plane';
import { MemoryBroker } from '../../support/agent/memory-link';

/** Time goes by only when the test says so. */
class ManualPace implements Pace {
  private readonly waits: { ms: number; over: () => void }[] = [];

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((over) => {
      this.waits.push({ ms, over });
      signal?.addEventListener('abort', () => over(), { once: true });
    });
  }

  /** Something lasts this long. */
  has(ms: number): boolean {
    return this.waits.some((wait) => wait.ms === ms);
  }

  /** Ends everything that lasts this long. */
  pass(ms: number): void {
    for (const wait of this.waits) if (wait.ms === ms) wait.over();
  }
}

const scenario = readScenario(`
machines:
  - { name: desk, os: windows11, sessionCreation: PT0S, users: [{ name: anna }, { name: bob }] }
timeline:
  - { at: PT0S, machine: desk, do: networkDown }
  - { at: PT0S, machine: desk, do: networkUp }
  - { at: PT0S, machine: desk, do: reboot, takes: PT7S, when: runBegins }
  - { at: PT0S, machine: desk, do: signIn, user: bob, when: runRefused }
  - { at: PT0S, machine: desk, do: lock, user: anna }
runs: [{ flow: '*', takes: PT5S, outputs: { posted: 1 } }]
`);
const [networkDown, networkUp, reboot, bobSignsIn, lockNobody] = scenario.timeline;

const broker = new MemoryBroker();
const controlPlane = new FakeControlPlane();
const pace = new ManualPace();
const said: string[] = [];
const dataDir = mkdtempSync(join(tmpdir(), 'attendant-simulated-'));
let agent: SimulatedAgent;
let fences = 0;

beforeAll(async () => {
  await controlPlane.start();
  agent = await start();
});
afterAll(async () => {
  await agent.stop();
  await controlPlane.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

function start(token = async () => controlPlane.token): Promise<SimulatedAgent> {
  const [machine] = scenario.machines;
  if (!machine) throw new Error('no machine');
  return SimulatedAgent.start({
    machine,
    behaviours: scenario.runs,
    url: controlPlane.url,
    dataDir,
    token,
    pace,
    say: (text) => void said.push(text),
    openLink: broker.open,
  });
}

const play = (event: (typeof scenario.timeline)[number] | undefined): Promise<void> =>
  event ? agent.play(event) : Promise.reject(new Error('no event'));

async function tellToGo(userKey = 'anna'): Promise<string> {
  const run = newRunId();
  const fence = { epoch: 1, n: ++fences };
  await broker.command(offer(run, fence, controlPlane.machine, userKey));
  await broker.event(run, 'accepted');
  const command = go(run, fence, controlPlane.machine, '0'.repeat(64), {}, userKey);
  await broker.command({ ...command, mode: 'unattended' });
  return run;
}

async function startRun(): Promise<string> {
  const run = await tellToGo();
  await broker.event(run, 'started');
  return run;
}

test('B1, C6: the machine reports itself under its own name', () => {
  expect(controlPlane.registered).toMatchObject({
    name: 'desk',
    report: { os: 'windows11', hostname: 'desk', maxSessions: 1, sessions: [] },
  });
});

test('H3: with the network down a run goes on, and is reported when it is back', async () => {
  const run = await startRun();
  await play(networkDown);
  await until(() => agent.state === 'unreachable');
  pace.pass(5_000);
  await until(() => agent.sessions().length === 0);
  expect(broker.kinds(run)).not.toContain('done');
  await play(networkUp);
  expect(await broker.event(run, 'done')).toMatchObject({ outcome: 'Succeeded', outputs: { posted: 1 } });
});

test('H3: a reboot in mid-run ends the run with SessionNotFound; the next run finds a fresh machine (D6)', async () => {
  const rebooted = play(reboot);
  const run = await tellToGo();
  await until(() => pace.has(7_000));
  expect({ state: agent.state, sessions: agent.sessions() }).toEqual({ state: 'stopped', sessions: [] });
  expect(broker.kinds(run)).not.toContain('done');
  pace.pass(7_000);
  await rebooted;
  expect(await broker.event(run, 'done')).toMatchObject({
    outcome: 'Failed',
    error: { code: 'SessionNotFound' },
  });
  const next = await startRun();
  pace.pass(5_000);
  expect(await broker.event(next, 'done')).toMatchObject({ outcome: 'Succeeded' });
});

test('a refused run sets off what waits for it; what people cannot do is told', async () => {
  const signedIn = play(bobSignsIn);
  const run = await tellToGo('mallory');
  expect(await broker.event(run, 'done')).toMatchObject({
    error: { code: 'SessionCreationInvalidCredentials' },
  });
  await signedIn;
  expect(agent.sessions()).toEqual([{ user: 'bob', state: 'active', busy: false }]);
  await play(lockNobody);
  expect(said.slice(-2)).toEqual(['bob signs in', 'anna has no session on desk.']);
});

test('a machine that is registered already needs no token', async () => {
  await agent.stop();
  agent = await start(() => Promise.reject(new Error('no token')));
  expect(agent.id).toBe(controlPlane.machine);
});

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('not within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
