import { setTimeout as pause } from 'node:timers/promises';
import type { QueueView } from '../contracts/api-machines';
import type { DesktopRunView, RunList } from '../contracts/api-runs';
import { flowDefinition, type FlowDefinition } from '../contracts/flow-definition';
import { isEnded } from '../contracts/runs';
import type { BenchApi } from './api';
import type { Fleet } from './fleet';
import type { Host } from './host';
import { cpuMs, percentile, round, rssMib } from './measures';

/** What one measurement came to; times in ms of this computer's clock. */
export interface Measured {
  mode: 'throughput' | 'latency';
  machines: number;
  runs: number;
  /** From the first request (latency: from the moment when the held run may end) to the last recorded outcome. */
  runs_per_s: number;
  submit_per_s: number;
  /** A machine's end of one run to its start of the next. */
  gap_ms: { p50: number; p99: number };
  /** Over the same time; in latency mode without the requests. */
  host_cpu_ms_per_run: number;
  agents_cpu_ms_per_run: number;
  /** Latency: memory of the host while all runs are open. */
  open_runs_rss_mib?: number;
  /** Two runs at once on a machine. */
  violations: number;
  /** A run that was executed twice. */
  repeats: number;
  /** Latency: runs that went before one of higher priority. */
  out_of_order: number;
  /** Runs that the product's own index calls succeeded. */
  verified: number;
}

const SUBMITTERS = 32;
/** The most that a queue may be set to hold. */
const LONGEST_QUEUE = 2_000;
const PRIORITIES = ['high', 'normal', 'low'] as const;
/** Nothing has moved for so long: something is broken (ms). */
const STALLED_MS = 60_000;

const priorityOf = (i: number): number => (i * 7) % 3;

/** The work of docs/performance.md, done through the product's own API, Service Bus and agents. */
export class Lifecycle {
  private readonly ids: string[] = [];
  private readonly connections: string[] = [];
  private readonly groupIds: string[] = [];

  constructor(
    private readonly parts: {
      api: BenchApi;
      host: Host;
      fleet: Fleet;
      dir: string;
      /** Number of groups that machines join in turn; 0: each machine has a queue of its own. */
      groups: number;
    },
  ) {}

  /** Publishes the desktop flow that does nothing, and one cloud flow for each priority. */
  async publish(noop: Buffer, definition: unknown): Promise<void> {
    const { api } = this.parts;
    await api.call('PUT', '/api/desktop-flows/noop', noop);
    for (const priority of PRIORITIES) {
      const flow = flowDefinition.parse(definition);
      const named: FlowDefinition = { ...flow, name: `bench-${priority}` };
      for (const action of Object.values(named.actions))
        if (action.type === 'DesktopFlow') action.inputs.priority = priority;
      await api.call('PUT', `/api/flows/${named.name}`, named);
    }
  }

  async measure(mode: Measured['mode'], runs: number, machines: number): Promise<Measured> {
    const { host, fleet } = this.parts;
    await this.machines(machines);
    const doneBefore = fleet.done;
    let hostBefore = cpuMs(host.pid);
    let agentsBefore = cpuMs(fleet.pid);
    const hold = mode === 'latency';
    if (hold) await fleet.ask({ kind: 'hold' }, 'ok');
    const begin = performance.now();
    const ids = await this.submit(runs, machines);
    const submitted = performance.now();
    let opened = begin;
    let openRss: number | undefined;
    if (hold) {
      await this.allQueued(runs);
      openRss = rssMib(host.pid);
      hostBefore = cpuMs(host.pid);
      agentsBefore = cpuMs(fleet.pid);
      opened = performance.now();
      await fleet.ask({ kind: 'open' }, 'ok');
    }
    await this.progress(() => fleet.done - doneBefore, runs);
    const report = await fleet.ask({ kind: 'report' }, 'report');
    await this.recorded(report.order.slice(-SUBMITTERS).reverse());
    const seconds = (performance.now() - opened) / 1000;
    const hostCpu = cpuMs(host.pid) - hostBefore;
    const agentsCpu = cpuMs(fleet.pid) - agentsBefore;
    const gaps = report.gaps.sort((a, b) => a - b);
    return {
      mode,
      machines,
      runs,
      runs_per_s: round(runs / seconds, 1),
      submit_per_s: round((runs * 1000) / (submitted - begin), 1),
      gap_ms: { p50: round(percentile(gaps, 0.5)), p99: round(percentile(gaps, 0.99)) },
      host_cpu_ms_per_run: round(hostCpu / runs),
      agents_cpu_ms_per_run: round(agentsCpu / runs),
      ...(openRss === undefined ? {} : { open_runs_rss_mib: openRss }),
      violations: report.violations,
      repeats: report.repeats,
      out_of_order: hold ? outOfOrder(report.order, ids) : 0,
      verified: await this.succeeded(new Set(ids)),
    };
  }

  /** Puts `more` runs into the queue of one machine that is held. @returns the queue, once it holds `total`. */
  async fillQueue(more: number, total: number): Promise<string> {
    await this.machines(1);
    await this.parts.fleet.ask({ kind: 'hold' }, 'ok');
    await this.submit(more, 1);
    await this.allQueued(total);
    return this.ids[0] ?? '';
  }

  private async machines(count: number): Promise<void> {
    const { api, fleet, host, dir, groups } = this.parts;
    const missing = count - this.connections.length;
    if (missing <= 0) return;
    const tokens = await Promise.all(
      Array.from({ length: missing }, async () => {
        const issued = await api.call<{ token: string }>('POST', '/api/registration-tokens', {});
        return issued.token;
      }),
    );
    const { machines } = await fleet.ask({ kind: 'register', url: host.url, dir, tokens }, 'registered');
    for (const id of machines) {
      await api.call('PATCH', `/api/machines/${id}`, { maxEntries: LONGEST_QUEUE });
      const name = `bench-${this.connections.length}`;
      const target = groups > 0 ? await this.join(id) : { kind: 'machine', id };
      await api.call('PUT', `/api/connections/${name}`, { target });
      this.ids.push(id);
      this.connections.push(name);
    }
  }

  /** The machine joins the group whose turn it is. @returns the group as the target of a connection. */
  private async join(machine: string): Promise<{ kind: 'group'; id: string }> {
    const { api, groups } = this.parts;
    const turn = this.ids.length % groups;
    const body = { name: `bench-${turn}`, maxEntries: LONGEST_QUEUE, maxMachines: 1_000 };
    const id = (this.groupIds[turn] ??= (
      await api.call<{ id: string }>('POST', '/api/machine-groups', body)
    ).id);
    await api.call('PUT', `/api/machine-groups/${id}/machines/${machine}`);
    return { kind: 'group', id };
  }

  private async submit(runs: number, machines: number): Promise<string[]> {
    const ids: string[] = [];
    let next = 0;
    const submitter = async (): Promise<void> => {
      while (next < runs) {
        const i = next++;
        const path = `/api/flows/bench-${PRIORITIES[priorityOf(i)]}/run`;
        const body = { connection: this.connections[i % machines] };
        ids[i] = (await this.parts.api.call<{ run: string }>('POST', path, body)).run;
      }
    };
    await Promise.all(Array.from({ length: Math.min(SUBMITTERS, runs) }, submitter));
    return ids;
  }

  /** Waits until the first machine has one run and all others stand in its queue, and all that follows from it is done. */
  private async allQueued(runs: number): Promise<void> {
    const path = `/api/machines/${this.ids[0]}/queue`;
    const queued = async (): Promise<number> => {
      const { running, waiting } = await this.parts.api.call<QueueView>('GET', path);
      return running.length + waiting.length;
    };
    while ((await queued()) < runs) await pause(200);
    await pause(1_500);
  }

  /** Waits until `count` reaches `goal`. @throws Error when nothing moves any more. */
  private async progress(count: () => number, goal: number): Promise<void> {
    let last = count();
    let movedAt = performance.now();
    while (count() < goal) {
      await pause(2);
      if (!this.parts.host.alive || !this.parts.fleet.alive)
        throw new Error('A process of the bench has ended.');
      if (count() !== last) {
        last = count();
        movedAt = performance.now();
      } else if (performance.now() - movedAt > STALLED_MS) {
        throw new Error(`Stalled: ${count()} of ${goal} runs have ended.`);
      }
    }
  }

  /** Waits until the product calls these runs ended. */
  private async recorded(runs: string[]): Promise<void> {
    for (const run of runs) {
      const status = async (): Promise<string> =>
        (await this.parts.api.call<DesktopRunView>('GET', `/api/runs/${run}`)).status;
      const until = performance.now() + STALLED_MS;
      while (!isEnded((await status()) as DesktopRunView['status'])) {
        if (performance.now() > until) throw new Error(`Stalled: run ${run} does not end.`);
        await pause(2);
      }
    }
  }

  /** How many of the runs the index lists as succeeded; the rows of the last may be on their way. */
  private async succeeded(wanted: Set<string>): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const count = await this.listed('Succeeded', wanted);
      if (count === wanted.size || attempt === 10) return count;
      await pause(200);
    }
  }

  /** How many of the runs the index lists in this state. */
  private async listed(state: string, wanted: Set<string>): Promise<number> {
    let count = 0;
    let continuation = '';
    for (;;) {
      const path = `/api/runs?status=${state}&top=100${continuation}`;
      const page = await this.parts.api.call<RunList>('GET', path);
      count += page.runs.filter(({ run }) => wanted.has(run)).length;
      if (page.continuation === undefined) return count;
      continuation = `&continuation=${page.continuation}`;
    }
  }
}

/** Pairs of neighbours (after the held first) that ran against priority. */
function outOfOrder(order: string[], ids: string[]): number {
  const index = new Map(ids.map((id, i) => [id, i]));
  const ranks = order.slice(1).map((run) => priorityOf(index.get(run.split('-')[0] ?? '') ?? 0));
  return ranks.filter((rank, k) => k > 0 && rank < (ranks[k - 1] ?? 0)).length;
}
