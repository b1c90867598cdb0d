import type { AgentEventBody, LogLine } from '../../contracts/agent-protocol';
import { errorInfo } from '../../contracts/errors';
import type { GoCommand } from '../protocol/decide';
import { notExecuted } from '../runner/process-runner';
import type { RunHandle, RunHooks, Runner } from '../runner/runner';
import type { SimulatedMachine, SimulatedSession } from '../session/simulated/simulated-machine';
import type { Pace } from './pace';
import type { RunBehaviour } from './scenario';

export interface SimulatedRunnerOptions {
  machine: SimulatedMachine;
  behaviours: readonly RunBehaviour[];
  pace: Pace;
  /** runBegins: a run has its session and works from now on. runRefused: it got none. */
  onEvent?: (event: 'runBegins' | 'runRefused', command: GoCommand) => void;
}

const standard: RunBehaviour = { flow: '*', takes: 1_000, steps: [], log: [], outputs: {} };

/** Plays runs: a session from the simulated machine, then time, steps, log lines and an outcome as the scenario says. */
export function simulatedRunner(options: SimulatedRunnerOptions): Runner {
  return {
    start: (command, hooks) => new SimulatedRun(options, command, hooks),
    clean: async () => undefined,
    kinds: async () => ['exec', 'node', 'python', 'powershell', 'robot', 'pad'],
  };
}

/** The first behaviour that fits the name of a desktop flow. */
export function behaviourOf(behaviours: readonly RunBehaviour[], flow: string): RunBehaviour {
  return behaviours.find((each) => patternOf(each.flow).test(flow)) ?? standard;
}

function patternOf(pattern: string): RegExp {
  const literal = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${literal}$`);
}

class SimulatedRun implements RunHandle {
  readonly ended: Promise<AgentEventBody<'done'>>;
  private readonly stopping = new AbortController();
  /** Set while the run is paused; it waits there between two steps. */
  private pausing: { over: Promise<void>; resume: () => void } | undefined;

  constructor(
    private readonly options: SimulatedRunnerOptions,
    private readonly command: GoCommand,
    private readonly hooks: RunHooks,
  ) {
    this.ended = this.execute();
  }

  /** Scenarios have no checkpoints and obey at once. */
  stop(): void {
    this.stopping.abort();
    this.pausing?.resume();
  }

  async pause(): Promise<boolean> {
    let resume: () => void = () => undefined;
    this.pausing ??= { over: new Promise((done) => (resume = done)), resume: () => resume() };
    return true;
  }

  async resume(): Promise<boolean> {
    this.pausing?.resume();
    this.pausing = undefined;
    return true;
  }

  private async execute(): Promise<AgentEventBody<'done'>> {
    const { mode, userKey, sessionPlan: plan } = this.command;
    const { signal } = this.stopping;
    let session: SimulatedSession;
    try {
      session = await this.options.machine.open({ mode, userKey, plan }, signal);
    } catch (error) {
      if (signal.aborted) return { outcome: 'Stopped' };
      this.options.onEvent?.('runRefused', this.command);
      return notExecuted(error);
    }
    try {
      return await this.work(session);
    } finally {
      await session.close();
    }
  }

  private async work({ user, lost }: SimulatedSession): Promise<AgentEventBody<'done'>> {
    const { behaviours, pace, onEvent, machine } = this.options;
    const { takes, steps, log, outputs, fail } = behaviourOf(behaviours, this.command.desktopFlow.name);
    onEvent?.('runBegins', this.command);
    this.say(`Runs as ${user} on ${machine.name}.`, 'agent');
    const over = AbortSignal.any([lost, this.stopping.signal]);
    const parts = Math.max(1, steps.length);
    for (let part = 0; part < parts && !over.aborted; part++) {
      this.hooks.progress({ ...steps[part], percent: Math.floor((part * 100) / parts) });
      for (const line of log.slice((part * log.length) / parts, ((part + 1) * log.length) / parts))
        this.say(line);
      await pace.wait(takes / parts, over);
      await this.pausing?.over;
    }
    if (this.stopping.signal.aborted) return { outcome: 'Stopped' };
    if (lost.aborted)
      return { outcome: 'Failed', error: errorInfo('SessionNotFound', { detail: String(lost.reason) }) };
    if (fail) {
      const { code, message } = fail;
      return { outcome: 'Failed', error: errorInfo(code, message ? { detail: message } : {}) };
    }
    return { outcome: 'Succeeded', outputs };
  }

  private say(text: string, stream: LogLine['stream'] = 'out'): void {
    this.hooks.log([{ at: new Date().toISOString(), stream, text }], 0);
  }
}
