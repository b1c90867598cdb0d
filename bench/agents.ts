import { register } from '../agent/listener/register';
import { startAgent, type Agent } from '../agent/listener/start-agent';
import type { Runner } from '../agent/runner/runner';
import type { SessionPort } from '../agent/session/session';
import { join } from 'node:path';

/**
 * The machines of the bench, in a process of their own: real agents (journal on disk, signed events, Service Bus) whose desktop
 * flows do nothing. Talks to the driver over IPC.
 */
export type ToAgents =
  | { kind: 'register'; url: string; dir: string; tokens: string[] }
  | { kind: 'hold' }
  | { kind: 'open' }
  | { kind: 'report' }
  | { kind: 'stop' };

export type FromAgents =
  | { kind: 'registered'; machines: string[] }
  | { kind: 'done'; count: number }
  | { kind: 'report'; gaps: number[]; violations: number; repeats: number; order: string[] }
  | { kind: 'ok' };

const linux: SessionPort = {
  report: () =>
    Promise.resolve({
      os: 'linux',
      osVersion: 'bench',
      maxSessions: 1,
      rds: false,
      multipleSessionsPerUser: false,
      sessions: [],
    }),
  open: () => Promise.reject(new Error('the bench opens no session')),
  check: () => Promise.reject(new Error('the bench tests no connection')),
};

class Machines {
  private readonly agents: Agent[] = [];
  private readonly busy = new Set<string>();
  private readonly lastEnd = new Map<string, number>();
  private readonly seen = new Set<string>();
  private gate: Promise<void> | undefined;
  private openGate: () => void = () => undefined;
  private gaps: number[] = [];
  private violations = 0;
  private repeats = 0;
  private order: string[] = [];
  private done = 0;

  constructor(private readonly tell: (message: FromAgents) => void) {
    setInterval(() => tell({ kind: 'done', count: this.done }), 20).unref();
  }

  async handle(message: ToAgents): Promise<void> {
    switch (message.kind) {
      case 'register':
        return this.register(message);
      case 'hold':
        this.gate = new Promise((resolve) => (this.openGate = resolve));
        return this.tell({ kind: 'ok' });
      case 'open':
        this.openGate();
        this.gate = undefined;
        return this.tell({ kind: 'ok' });
      case 'report': {
        const { gaps, violations, repeats, order } = this;
        this.tell({ kind: 'report', gaps, violations, repeats, order });
        this.gaps = [];
        this.order = [];
        this.lastEnd.clear();
        return;
      }
      case 'stop':
        await Promise.all(this.agents.map((agent) => agent.stop({ graceMs: 0, flushMs: 0 })));
        process.exit(0);
    }
  }

  private async register({ url, dir, tokens }: Extract<ToAgents, { kind: 'register' }>): Promise<void> {
    const machines: string[] = [];
    const base = this.agents.length;
    for (let start = 0; start < tokens.length; start += 16) {
      const slice = tokens.slice(start, start + 16).map(async (token, offset) => {
        const name = `bench-${base + start + offset}`;
        const dataDir = join(dir, name);
        const { machine } = await register({ url, token, name, dataDir, session: linux });
        const agent = await startAgent({ dataDir, session: linux, runner: this.runner(machine) });
        this.agents.push(agent);
        while (agent.status().state !== 'connected') await new Promise((resolve) => setTimeout(resolve, 10));
        return machine;
      });
      machines.push(...(await Promise.all(slice)));
    }
    this.tell({ kind: 'registered', machines });
  }

  /** Ends every run at once and notes when; only the gate holds runs back. */
  private runner(machine: string): Runner {
    return {
      start: ({ run }) => ({
        ended: this.execute(machine, run),
        stop: () => undefined,
        pause: () => Promise.resolve(false),
        resume: () => Promise.resolve(false),
      }),
      clean: () => Promise.resolve(),
      kinds: () => Promise.resolve(['node']),
    };
  }

  private async execute(
    machine: string,
    run: string,
  ): Promise<{ outcome: 'Succeeded'; outputs: Record<string, never> }> {
    const now = performance.now();
    if (this.seen.has(run)) this.repeats++;
    this.seen.add(run);
    if (this.busy.has(machine)) this.violations++;
    this.busy.add(machine);
    const last = this.lastEnd.get(machine);
    if (last !== undefined) this.gaps.push(now - last);
    this.order.push(run);
    await this.gate;
    this.busy.delete(machine);
    this.lastEnd.set(machine, performance.now());
    this.done++;
    return { outcome: 'Succeeded', outputs: {} };
  }
}

const machines = new Machines((message) => process.send?.(message));
process.on('message', (message) => {
  machines.handle(message as ToAgents).catch((cause: unknown) => {
    console.error(cause);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
