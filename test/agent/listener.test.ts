import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readStatus } from '../../agent/cli/status';
import type { AgentStatus } from '../../agent/link/status';
import { register } from '../../agent/listener/register';
import { startAgent } from '../../agent/listener/start-agent';
import { noopRunner } from '../../agent/runner/noop-runner';
import type { Runner, RunHandle } from '../../agent/runner/runner';
import { systemClock } from '../../agent/clock';
import { ownSession } from '../../agent/session/own';
import { AGENT_SESSION, userKey } from '../../contracts/user-name';
import { VirtualClock } from '../../local/clock';
import { AgentFixture, go, offer, stop } from '../support/agent/agent-fixture';
import { newRunId } from '../support/agent/fake-control-plane';

/** Runs last until the test ends them. */
function heldRunner(): Runner & { end(): void; started: string[] } {
  const endings: (() => void)[] = [];
  const started: string[] = [];
  return {
    ...noopRunner(),
    started,
    end: () => endings.shift()?.(),
    start: (command): RunHandle => {
      started.push(command.run);
      let finish: (body: { outcome: 'Succeeded' | 'Stopped' }) => void = () => undefined;
      const ended = new Promise<{ outcome: 'Succeeded' | 'Stopped' }>((resolve) => (finish = resolve));
      endings.push(() => finish({ outcome: 'Succeeded' }));
      return {
        ended,
        stop: () => finish({ outcome: 'Stopped' }),
        pause: () => Promise.resolve(true),
        resume: () => Promise.resolve(true),
      };
    },
  };
}

describe('the listener', () => {
  let fixture: AgentFixture;
  let statuses: AgentStatus[];
  const onStatus = (status: AgentStatus): void => void statuses.push(status);
  const reached = (state: string): Promise<void> =>
    fixture.until(() => statuses.some((status) => status.state === state));
  beforeEach(() => {
    fixture = new AgentFixture();
    statuses = [];
  });
  afterEach(() => fixture.end());

  async function accept(run: string, n: number, user = 'anna'): Promise<void> {
    await fixture.broker.command(offer(run, { epoch: 1, n }, fixture.controlPlane.machine, user));
  }
  const start = (run: string, n: number, user = 'anna'): Promise<unknown> =>
    fixture.broker.command(go(run, { epoch: 1, n }, fixture.controlPlane.machine, '0'.repeat(64), {}, user));

  test('the end of a run goes out before its start is confirmed; on a new connection both go again, the same as before', async () => {
    const runner = heldRunner();
    await fixture.start({ runner });
    const run = newRunId();
    await accept(run, 1);
    await fixture.broker.event(run, 'accepted');
    fixture.broker.unconfirmed = new Promise(() => undefined);
    await start(run, 1);
    await fixture.broker.event(run, 'started');
    runner.end();
    await fixture.broker.event(run, 'done');
    expect(fixture.broker.kinds(run)).toEqual(['accepted', 'started', 'done']);
    fixture.broker.unconfirmed = undefined;
    fixture.broker.break();
    await fixture.broker.until(() => fixture.broker.kinds(run).length === 5);
    const [, ...sent] = fixture.broker.of(run);
    expect(sent.slice(2)).toEqual(sent.slice(0, 2));
  });

  test('rule 2: a run whose go does not come within ten minutes is answered never, and a later go too', async () => {
    const clock = new VirtualClock();
    const runner = heldRunner();
    await fixture.start({ clock, runner });
    const run = newRunId();
    await accept(run, 1);
    await fixture.broker.event(run, 'accepted');
    await clock.advanceTo(clock.now() + 599_999, async () => undefined);
    expect(fixture.broker.kinds(run)).toEqual(['accepted']);
    await clock.advanceTo(clock.now() + 1, async () => undefined);
    expect(await fixture.broker.event(run, 'never')).toEqual({ reason: 'no go within the start window' });
    await start(run, 1);
    await fixture.broker.until(() => fixture.broker.kinds(run).length === 3);
    expect(fixture.broker.kinds(run)).toEqual(['accepted', 'never', 'never']);
    expect(runner.started).toEqual([]);
  });

  test('rule 3: a second run is refused with UIFlowAlreadyRunning while one runs, accepted afterwards', async () => {
    const runner = heldRunner();
    await fixture.start({ runner });
    const [first, second, third] = [newRunId(), newRunId(), newRunId()];
    await accept(first, 1);
    await accept(second, 2, 'bert');
    await start(first, 1);
    await start(second, 2, 'bert');
    expect(await fixture.broker.event(second, 'never')).toEqual({
      reason: 'Every session of this machine is in use.',
    });
    await accept(third, 3, 'bert');
    expect(await fixture.broker.event(third, 'refused')).toMatchObject({
      error: { code: 'UIFlowAlreadyRunning' },
    });
    runner.end();
    await fixture.broker.event(first, 'done');
    await accept(third, 4, 'bert');
    await fixture.broker.event(third, 'accepted');
    expect(runner.started).toEqual([first]);
  });

  test('rule 12: a repeated go is answered from the journal and starts nothing', async () => {
    const runner = heldRunner();
    await fixture.start({ runner });
    const run = newRunId();
    await accept(run, 1);
    await start(run, 1);
    await start(run, 1);
    runner.end();
    await fixture.broker.event(run, 'done');
    await start(run, 1);
    await fixture.broker.until(() => fixture.broker.kinds(run).length === 5);
    expect(fixture.broker.kinds(run)).toEqual(['accepted', 'started', 'started', 'done', 'done']);
    expect(runner.started).toEqual([run]);
  });

  test('rule 12: a stop at a later fence stops the run and then answers never for that fence', async () => {
    await fixture.start({ runner: heldRunner() });
    const run = newRunId();
    await accept(run, 1);
    await start(run, 1);
    await fixture.broker.command(stop(run, { epoch: 1, n: 2 }, fixture.controlPlane.machine));
    await fixture.broker.event(run, 'never');
    expect(fixture.broker.of(run).map((event) => `${event.kind} ${event.fence?.n}`)).toEqual([
      'accepted 1',
      'started 1',
      'done 1',
      'never 2',
    ]);
  });

  test('an agent that is shut down reports its run as failed, exactly once, over restarts', async () => {
    await fixture.start({ runner: heldRunner() });
    const run = newRunId();
    await accept(run, 1);
    await start(run, 1);
    await fixture.broker.event(run, 'started');
    await fixture.agent?.stop();
    await fixture.start({ runner: heldRunner() });
    await fixture.broker.until(
      () => fixture.broker.events.filter((event) => event.kind === 'hello').length === 2,
    );
    expect(fixture.broker.kinds(run)).toEqual(['accepted', 'started', 'done']);
    expect(await fixture.broker.event(run, 'done')).toMatchObject({
      outcome: 'Failed',
      error: { code: 'SessionNotFound' },
    });
  });

  test('H3: what happens while the connection is away is sent in order when it is back', async () => {
    const runner = heldRunner();
    await fixture.start({ runner, onStatus });
    const run = newRunId();
    await accept(run, 1);
    await start(run, 1);
    await fixture.broker.event(run, 'started');
    fixture.broker.down = true;
    fixture.broker.break();
    await reached('unreachable');
    runner.end();
    fixture.broker.down = false;
    expect(await fixture.broker.event(run, 'done')).toMatchObject({ outcome: 'Succeeded' });
    expect(fixture.broker.kinds(run)).toEqual(['accepted', 'started', 'done']);
  });

  test('heartbeats tell what runs, as often as the lease says', async () => {
    const clock = new VirtualClock();
    fixture.controlPlane.settings.heartbeatMs = 30_000;
    await fixture.start({ clock, runner: heldRunner() });
    const run = newRunId();
    await accept(run, 1);
    await start(run, 1);
    await fixture.broker.event(run, 'started');
    const beats = (): string[] =>
      fixture.broker.events.filter((event) => event.kind === 'heartbeat').map((event) => event.body);
    await fixture.broker.until(() => beats().length === 1);
    await clock.advanceTo(clock.now() + 30_000, async () => undefined);
    await fixture.broker.until(() => beats().length === 2);
    expect(JSON.parse(beats()[1] ?? '')).toEqual({ running: [run] });
  });

  test.each([
    ['MachineRevoked', 'revoked', 'The registration of this machine was revoked.'],
    ['AgentAlreadyRunning', 'alreadyRunning', 'Another agent with this identity is connected.'],
    ['Unauthorized', 'unauthorized', 'The key or signature is missing or wrong.'],
    ['Unavailable', 'unreachable', 'does not answer'],
  ] as const)('%s is a named state that heals by itself', async (code, state, message) => {
    await fixture.register();
    fixture.controlPlane.refuseLease = { code };
    await fixture.start({ runner: noopRunner(), onStatus });
    await reached(state);
    const status = statuses.find((one) => one.state === state);
    expect(status).toMatchObject({ code, message: expect.stringContaining(message) as string });
    expect(status?.remedy).toBeTruthy();
    expect((await readStatus(fixture.dataDir)).works).toBe(false);
    fixture.controlPlane.refuseLease = undefined;
    await reached('connected');
  });

  test('a host that does not answer is named with its address', async () => {
    await fixture.register();
    const { url } = fixture.controlPlane;
    await fixture.controlPlane.stop();
    await fixture.start({ runner: noopRunner(), onStatus });
    await reached('unreachable');
    expect(statuses.find((one) => one.state === 'unreachable')?.message).toContain(
      `${url} cannot be reached`,
    );
    await fixture.controlPlane.start();
    await reached('connected');
    const file = path.join(fixture.dataDir, 'status.json');
    await fixture.until(() => existsSync(file) && readFileSync(file, 'utf8').includes('connected'));
    const summary = await readStatus(fixture.dataDir);
    expect(summary).toMatchObject({ works: true, fields: { pid: process.pid } });
  });

  test('a clock that is an hour off is corrected from the control plane, in requests and events', async () => {
    await fixture.register();
    fixture.controlPlane.clockAheadMs = 3_600_000;
    await fixture.start({ runner: noopRunner(), onStatus });
    await reached('connected');
    const run = newRunId();
    await accept(run, 1);
    await fixture.broker.event(run, 'accepted');
    const time = Date.parse(fixture.broker.of(run)[0]?.time ?? '');
    expect(Math.abs(time - Date.now() - 3_600_000)).toBeLessThan(10_000);
  });

  test('a second agent on one data folder is refused and told the pid of the first', async () => {
    await fixture.start({ runner: noopRunner() });
    await expect(startAgent({ dataDir: fixture.dataDir, runner: noopRunner() })).rejects.toMatchObject({
      code: 'DataFolderInUse',
      message: expect.stringContaining(`pid ${process.pid} `) as string,
    });
  });

  test('registration: identity for the owner alone, wrong token refused, repetition uses the same keys', async () => {
    const { controlPlane, dataDir } = fixture;
    await controlPlane.start();
    const { url, token } = controlPlane;
    await expect(register({ url, token: 'wrong', name: 'desk-1', dataDir })).rejects.toMatchObject({
      code: 'RegistrationTokenInvalid',
    });
    const first = readFileSync(path.join(dataDir, 'registration.json'), 'utf8');
    const identity = await register({ url, token, name: 'desk-1', dataDir });
    expect(first).toContain(identity.signing.publicKey);
    expect(statSync(path.join(dataDir, 'identity.json')).mode & 0o777).toBe(0o600);
    await expect(register({ url, token, name: 'desk-1', dataDir })).rejects.toMatchObject({
      code: 'AlreadyRegistered',
    });
    await register({ url, token, name: 'desk-1', dataDir, again: true });
  });

  test('an agent that is not registered says what to do', async () => {
    const empty = mkdtempSync(path.join(os.tmpdir(), 'attendant-agent-'));
    await expect(startAgent({ dataDir: empty })).rejects.toMatchObject({
      code: 'NotRegistered',
      remedy: expect.stringContaining('attendant-agent register') as string,
    });
    rmSync(empty, { recursive: true });
  });

  test('an agent whose journal was lost registers anew instead of answering for runs that it cannot know', async () => {
    await fixture.register();
    const { controlPlane, dataDir } = fixture;
    const journal = path.join(dataDir, 'journal.jsonl');
    const start = (): Promise<unknown> => startAgent({ dataDir, runner: noopRunner() });
    rmSync(journal);
    await expect(start()).rejects.toMatchObject({
      code: 'JournalLost',
      remedy: expect.stringContaining('register --again') as string,
    });
    const { url, token } = controlPlane;
    await register({ url, token, name: 'desk-1', dataDir, again: true });
    await fixture.start({ runner: noopRunner() });
  });

  test('a folder that becomes another machine begins another journal; the former one is kept', async () => {
    await fixture.register();
    const { controlPlane, dataDir } = fixture;
    const former = controlPlane.machine;
    controlPlane.machine = `m-${'1'.repeat(26)}`;
    await register({
      url: controlPlane.url,
      token: controlPlane.token,
      name: 'desk-1',
      dataDir,
      again: true,
    });
    expect(readFileSync(path.join(dataDir, `journal-${former}.jsonl`), 'utf8')).toContain(former);
    expect(readFileSync(path.join(dataDir, 'journal.jsonl'), 'utf8')).toContain(controlPlane.machine);
  });

  test('what is no command, or one for another machine, is put aside and changes nothing', async () => {
    await fixture.start({ runner: noopRunner() });
    const { machine } = fixture.controlPlane;
    expect(await fixture.broker.command({ v: 1, kind: 'explode' })).toMatchObject({
      deadLetter: expect.any(String) as string,
    });
    const foreign = offer(newRunId(), { epoch: 1, n: 1 }, `m-${'z'.repeat(26)}`);
    expect(await fixture.broker.command(foreign)).toEqual({ deadLetter: `This is ${machine}.` });
    expect(fixture.broker.events.filter((event) => event.run !== undefined)).toEqual([]);
  });

  test('two sessions: runs of two users side by side (G1)', async () => {
    const runner = heldRunner();
    await fixture.start({ runner, session: ownSession({ maxSessions: 2 }) });
    const [first, second] = [newRunId(), newRunId()];
    await accept(first, 1);
    await accept(second, 2, 'bert');
    await start(first, 1);
    await start(second, 2, 'bert');
    await fixture.broker.event(second, 'started');
    expect(fixture.agent?.runs()).toEqual([first, second]);
  });

  test('E1 G1: a second run of one account is refused, whatever form of its name either run has', async () => {
    const { username } = os.userInfo();
    const names = [username, `.\\${username}`, `${os.hostname()}\\${username}`].map(userKey);
    const runner = heldRunner();
    await fixture.start({ runner, session: ownSession({ maxSessions: 9 }) });
    const [first, other] = [newRunId(), newRunId()];
    await accept(first, 1, names[1]);
    await start(first, 1, names[1]);
    await fixture.broker.event(first, 'started');
    let n = 1;
    for (const name of [...names, AGENT_SESSION]) {
      const second = newRunId();
      await accept(second, ++n, name);
      expect(await fixture.broker.event(second, 'refused')).toMatchObject({
        error: { code: 'UIFlowAlreadyRunning' },
      });
    }
    await accept(other, ++n, 'nobody-here');
    await fixture.broker.event(other, 'accepted');
  });

  test('a lease that arrives while the agent stops starts no heartbeat', async () => {
    let ask = (): void => undefined;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const gate = new AbortController();
    const alarms = new Set<number>();
    const clock = {
      now: () => systemClock.now(),
      at: (atMs: number, fire: () => void) => {
        alarms.add(atMs);
        const cancel = systemClock.at(atMs, fire);
        return () => {
          alarms.delete(atMs);
          cancel();
        };
      },
    };
    const agent = await fixture.start({
      clock,
      fetch: async (...request) => {
        ask();
        await new Promise((resolve) => gate.signal.addEventListener('abort', resolve));
        return fetch(...request);
      },
    });
    await asked;
    const ended = agent.stop({ graceMs: 0, flushMs: 0 });
    await new Promise(setImmediate);
    gate.abort();
    await ended;
    expect(alarms.size).toBe(0);
  });
});
