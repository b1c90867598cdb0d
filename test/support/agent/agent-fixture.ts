import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AgentCommand, LogLine } from '../../../contracts/agent-protocol';
import type { Fence } from '../../../contracts/ids';
import { register } from '../../../agent/listener/register';
import { startAgent, type Agent, type AgentOptions } from '../../../agent/listener/start-agent';
import { FakeControlPlane, newRunId } from './fake-control-plane';
import { MemoryBroker } from './memory-link';
import { zipOf } from './zip';

export const root = path.resolve(__dirname, '../../..');
/** The worker from its source, without a build. */
export const workerCommand = [
  process.execPath,
  '--require',
  path.join(root, 'test/support/run-ts.cjs'),
  path.join(root, 'agent/worker.ts'),
];

/** A registered agent against a fake control plane and a broker in memory. */
export class AgentFixture {
  readonly controlPlane = new FakeControlPlane();
  readonly broker = new MemoryBroker();
  readonly dataDir = mkdtempSync(path.join(os.tmpdir(), 'attendant-agent-'));
  agent: Agent | undefined;
  private n = 0;

  async register(): Promise<void> {
    await this.controlPlane.start();
    const { url, token } = this.controlPlane;
    await register({ url, token, name: 'desk-1', dataDir: this.dataDir });
  }

  async start(options: Partial<AgentOptions> = {}): Promise<Agent> {
    if (!this.controlPlane.registered) await this.register();
    this.agent = await startAgent({
      dataDir: this.dataDir,
      openLink: this.broker.open,
      workerCommand,
      // Tests may run as root.
      allowElevated: true,
      retry: { firstMs: 5, maxMs: 20, slowMs: 20 },
      ...options,
    });
    return this.agent;
  }

  async end(): Promise<void> {
    await this.agent?.stop({ graceMs: 0, flushMs: 0 });
    await this.controlPlane.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Looks again and again, for what announces itself to nobody. */
  async until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (!condition()) {
      if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  fence(): Fence {
    return { epoch: 1, n: ++this.n };
  }

  /** Offers and starts a desktop flow. @returns the run's id. */
  async run(
    files: Record<string, string | Buffer>,
    inputs: Record<string, unknown> = {},
    of: { run?: string; fence?: Fence } = {},
  ): Promise<string> {
    const run = of.run ?? newRunId();
    const fence = of.fence ?? this.fence();
    await this.broker.command(offer(run, fence, this.controlPlane.machine));
    await this.broker.event(run, 'accepted');
    const hash = this.controlPlane.addPackage(await zipOf(files));
    await this.broker.command(go(run, fence, this.controlPlane.machine, hash, inputs));
    return run;
  }

  /** The run's log as the control plane sees it. */
  logOf(run: string): LogLine[] {
    return this.broker
      .of(run)
      .filter((event) => event.kind === 'log')
      .flatMap((event) => (JSON.parse(event.body) as { lines: LogLine[] }).lines);
  }
}

export function offer(run: string, fence: Fence, machine: string, userKey = 'anna'): AgentCommand {
  return { v: 1, kind: 'offer', run, machine, fence, userKey, runner: 'node' };
}

export function go(
  run: string,
  fence: Fence,
  machine: string,
  hash = '0'.repeat(64),
  inputs: Record<string, unknown> = {},
  userKey = 'anna',
): Extract<AgentCommand, { kind: 'go' }> {
  return {
    v: 1,
    kind: 'go',
    run,
    machine,
    fence,
    userKey,
    mode: 'attended',
    desktopFlow: { name: 'test', version: '1.0.0', package: hash },
    inputs,
  };
}

export function stop(run: string, fence: Fence, machine: string, graceMs = 0): AgentCommand {
  return { v: 1, kind: 'stop', run, machine, fence, reason: 'cancelled', graceMs };
}

/** A desktop flow for Node from one script. */
export function nodeFlow(script: string, manifest = ''): Record<string, string> {
  return {
    'desktop-flow.yaml': `name: test\nversion: 1.0.0\nrunner: node\nentry: main.js\n${manifest}`,
    'main.js': script,
  };
}
