import type { MachineReport } from '../../../contracts/agent-protocol';
import { decide } from '../../../domain/run-queue/decide';
import type {
  GrantRef,
  JoiningMachine,
  QueueCommand,
  QueueEffect,
  QueueReply,
  RequestedRun,
} from '../../../domain/run-queue/messages';
import type { QueueState } from '../../../domain/run-queue/state';
import { emptyQueue, findGrant, grantRef } from '../../../domain/run-queue/state';

export const HOUR = 3_600_000;

type Untimed<C> = C extends QueueCommand ? Omit<C, 'now'> : never;
export type Command = Untimed<QueueCommand>;

/** A queue in a test: tell it things, look at it. Time passes only when told. */
export class Queue {
  state: QueueState = emptyQueue();
  now = 1_000_000;

  tell(command: Command): QueueReply {
    const decision = decide(this.state, { ...command, now: this.now });
    this.state = decision.state;
    return decision.reply;
  }

  attach(machine: string, extra: Partial<JoiningMachine> = {}, move = 1): QueueReply {
    return this.tell({ kind: 'attach', move, joining: joining(machine, extra) });
  }

  request(run: string, extra: Partial<RequestedRun> = {}): QueueReply {
    return this.tell({ kind: 'request', entry: { ...requested(run, this.now), ...extra } });
  }

  release(run: string): QueueReply {
    return this.tell({ kind: 'release', grant: this.grant(run), outcome: 'Succeeded' });
  }

  giveBack(run: string, reason = 'RunnerNotAvailable'): QueueReply {
    return this.tell({ kind: 'return', grant: this.grant(run), reason });
  }

  /** The run's current grant. */
  grant(run: string): GrantRef {
    const grant = findGrant(this.state, run);
    if (!grant) throw new Error(`${run} holds no machine`);
    return grantRef(grant);
  }

  /** Runs that hold a machine, in the order of their grants. */
  get running(): string[] {
    return this.state.grants.map((grant) => grant.entry.run);
  }

  get waiting(): string[] {
    return this.state.entries.map((entry) => entry.run);
  }

  effects<K extends QueueEffect['kind']>(kind: K): Extract<QueueEffect, { kind: K }>[] {
    return this.state.outbox.filter(
      (effect): effect is Extract<QueueEffect, { kind: K }> => effect.kind === kind,
    );
  }
}

/** A queue with these machines (Linux, one run at a time) attached. */
export function queueWith(...machines: string[]): Queue {
  const queue = new Queue();
  for (const machine of machines) queue.attach(machine);
  return queue;
}

export function requested(run: string, now: number): RequestedRun {
  return {
    run,
    owner: run,
    requestedMs: now,
    deadlineMs: now + 3 * HOUR,
    priority: 'normal',
    mode: 'unattended',
    userKey: `user of ${run}`,
    flow: 'invoices',
    runner: 'node',
  };
}

export function joining(machine: string, extra: Partial<JoiningMachine> = {}): JoiningMachine {
  return { machine, epoch: 1, lastN: 0, online: true, presenceSeq: 0, report: reportOf(), ...extra };
}

export function reportOf(extra: Partial<MachineReport> = {}): MachineReport {
  return {
    os: 'linux',
    osVersion: '6.1',
    agentVersion: '0.1.0',
    hostname: 'host',
    maxSessions: 1,
    rds: false,
    multipleSessionsPerUser: false,
    sessions: [],
    runners: ['node'],
    ...extra,
  };
}
