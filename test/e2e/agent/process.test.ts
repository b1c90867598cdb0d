import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { startOf } from '../../../agent/process/process-identity';
import { AgentFixture, go, nodeFlow, offer, root } from '../../support/agent/agent-fixture';
import { BrokerBackend } from '../../support/agent/broker-backend';
import { newRunId } from '../../support/agent/fake-control-plane';
import { zipOf } from '../../support/agent/zip';

/** `attendant-agent` as a process of its own, over HTTP and AMQP. */
describe('the agent as a program', () => {
  const fixture = new AgentFixture();
  const bus = new BrokerBackend(fixture.controlPlane);
  const children: ChildProcess[] = [];
  const dataDir = path.join(fixture.dataDir, 'data');
  beforeAll(async () => {
    await fixture.controlPlane.start();
    await bus.start();
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await fixture.end();
    await bus.end();
  });

  function program(
    args: string[],
    input = '',
  ): { child: ChildProcess; said: () => string; code: Promise<number | null> } {
    const command = [
      '--require',
      path.join(root, 'test/support/run-ts.cjs'),
      path.join(root, 'agent/main.ts'),
    ];
    const child = spawn(process.execPath, [...command, ...args, '--data', dataDir], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    children.push(child);
    child.stdin?.end(input);
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, said: () => text, code };
  }

  /** Starts a flow that runs for ever. @returns its run and the pids of the program and its worker. */
  async function endlessRun(): Promise<{
    run: string;
    fence: { epoch: number; n: number };
    pid: number;
    worker: number;
  }> {
    const run = newRunId();
    const fence = fixture.fence();
    const { machine } = fixture.controlPlane;
    const script = `
      console.log('pids ' + process.pid + ' ' + process.ppid);
      process.on('SIGTERM', () => {});
      setInterval(() => {}, 1000);`;
    const hash = fixture.controlPlane.addPackage(await zipOf(nodeFlow(script)));
    await bus.command(offer(run, fence, machine));
    await bus.event(run, 'accepted');
    await bus.command(go(run, fence, machine, hash));
    const log = (): string =>
      bus.events
        .filter((event) => event.run === run && event.kind === 'log')
        .map((event) => event.body)
        .join();
    await bus.until(() => log().includes('pids '));
    const [, pid, worker] = /pids (\d+) (\d+)/.exec(log()) ?? [];
    return { run, fence, pid: Number(pid), worker: Number(worker) };
  }

  test('register reads the token from standard input; wrong token, wrong host and repetition are told', async () => {
    const args = ['register', '--url', fixture.controlPlane.url, '--name', 'desk-1', '--token'];
    const wrong = program([...args, 'wrong']);
    expect(await wrong.code).toBe(1);
    expect(wrong.said()).toMatch(/^RegistrationTokenInvalid: .*\nMake a new one/);
    const nobody = program(['register', '--url', 'http://127.0.0.1:9', '--name', 'desk-1', '--token', 'x']);
    expect(await nobody.code).toBe(1);
    expect(nobody.said()).toContain('HostUnreachable: http://127.0.0.1:9 cannot be reached');
    const right = program([...args, '-'], `${fixture.controlPlane.token}\n`);
    expect(await right.code).toBe(0);
    expect(right.said()).toContain(`Registered desk-1 as ${fixture.controlPlane.machine}`);
    const again = program([...args, 'x']);
    expect(await again.code).toBe(1);
    expect(again.said()).toContain('AlreadyRegistered');
  });

  test('kill -9 of the listener in mid-run: the flow ends with it, the run is Failed/SessionNotFound once', async () => {
    const first = program(['run', '--allow-elevated']);
    const { run, fence, pid, worker } = await endlessRun();
    first.child.kill('SIGKILL');
    await first.code;
    const second = program(['run', '--allow-elevated']);
    expect(await bus.event(run, 'done')).toMatchObject({
      outcome: 'Failed',
      error: { code: 'SessionNotFound' },
    });
    expect(await startOf(pid)).toBeUndefined();
    expect(await startOf(worker)).toBeUndefined();
    // The machine is free again, and the journal answers the repeated go without a second start.
    await bus.command(go(run, fence, fixture.controlPlane.machine));
    const next = await endlessRun();
    expect(bus.kinds(run).filter((kind) => kind !== 'log' && kind !== 'progress')).toEqual([
      'accepted',
      'started',
      'done',
      'done',
    ]);
    second.child.kill('SIGTERM');
    expect(await second.code).toBe(0);
    expect(await bus.event(next.run, 'done')).toMatchObject({
      outcome: 'Failed',
      error: { code: 'SessionNotFound' },
    });
    expect(await startOf(next.pid)).toBeUndefined();
    expect(readdirSync(path.join(dataDir, 'runs'))).toEqual([]);
  });

  test('rule 5: a worker that could not follow its listener is killed before anything else', async () => {
    const first = program(['run', '--allow-elevated']);
    const { run, fence, pid, worker } = await endlessRun();
    await bus.command({ v: 1, kind: 'pause', order: 1, run, machine: fixture.controlPlane.machine, fence });
    await bus.event(run, 'paused');
    first.child.kill('SIGKILL');
    await first.code;
    expect(await startOf(pid)).toBeDefined();
    expect(await startOf(worker)).toBeDefined();
    const second = program(['run', '--allow-elevated']);
    expect(await bus.event(run, 'done')).toMatchObject({
      outcome: 'Failed',
      error: { code: 'SessionNotFound' },
    });
    expect(await startOf(pid)).toBeUndefined();
    expect(await startOf(worker)).toBeUndefined();
    second.child.kill('SIGTERM');
    await second.code;
  });

  test('status, doctor and a second agent', async () => {
    const first = program(['run', '--allow-elevated']);
    const hello = (): number => bus.events.filter((event) => event.kind === 'hello').length;
    const before = hello();
    await bus.until(() => hello() > before);
    const second = program(['run', '--allow-elevated']);
    expect(await second.code).toBe(78);
    expect(second.said()).toContain(`DataFolderInUse: The agent with pid ${first.child.pid} already runs`);
    const status = program(['status', '--json']);
    expect(await status.code).toBe(0);
    expect(JSON.parse(status.said())).toMatchObject({
      state: 'connected',
      pid: first.child.pid,
      name: 'desk-1',
    });
    const doctor = program(['doctor']);
    expect(await doctor.code).toBe(0);
    expect(doctor.said()).toContain('ok    broker: reached over AMQP');
    first.child.kill('SIGTERM');
    await first.code;
    const off = program(['status']);
    expect(await off.code).toBe(1);
    expect(off.said()).toContain('not running');
    const sick = program(['doctor']);
    expect(await sick.code).toBe(1);
    expect(sick.said()).toContain('FAIL  service: The agent is not running');
  });
});
