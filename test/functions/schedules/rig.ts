import { InvocationContext, type Timer } from '@azure/functions';
import type { Instances } from '../../../adapters/instances';
import type { CloudFlowRunInput } from '../../../domain/runs/run-inputs';
import { putFlow } from '../../../functions/flows/put-flow.http';
import { startDueRuns } from '../../../functions/schedules/start-due-runs.timer';
import { createInMemoryPorts, type InMemoryPorts } from '../../support/in-memory-ports';
import { call, type Answer } from '../api';

/** Schedules over ports in memory: time is set, passes of the timer are made, runs are started and ended by hand. */
export class ScheduleRig {
  now: number;
  readonly ports: InMemoryPorts;
  readonly started: CloudFlowRunInput[] = [];
  readonly open = new Set<string>();
  readonly warnings: string[] = [];
  /** Called before an instance is started; may throw, as a host that is killed does. */
  onStart: () => void = () => undefined;
  private readonly pass: () => Promise<void>;

  constructor(start: string, settings: Record<string, string> = {}) {
    this.now = Date.parse(start);
    this.ports = createInMemoryPorts({ now: () => this.now, settings });
    const timer = startDueRuns(this.ports, () => this.instances);
    const context = new InvocationContext({
      functionName: 'start-due-runs',
      invocationId: '1',
      logHandler: (_level, ...words: unknown[]) => void this.warnings.push(words.map(String).join(' ')),
    });
    this.pass = () => timer({} as Timer, context);
  }

  /** What the timer asks of the engine. */
  readonly instances: Instances = {
    start: async (_name, input, id = '') => {
      this.onStart();
      if (this.open.has(id)) throw new Error('an instance of this id goes on');
      this.started.push(input as CloudFlowRunInput);
      this.open.add(id);
      return id;
    },
    stateOf: async (id) =>
      this.open.has(id) ? 'open' : this.started.some(({ run }) => run === id) ? 'ended' : 'none',
    raise: async () => 'told',
    signal: async () => undefined,
    readEntity: async () => undefined,
    list: async () => ({ instances: [] }),
    purge: async () => undefined,
  };

  /** Stores the flow `f` over the API. */
  put(recurrence: object, policies: object = {}): Promise<Answer> {
    const body = {
      name: 'f',
      triggers: { every: { type: 'Recurrence', recurrence, ...policies } },
      actions: { say: { type: 'Compose', inputs: 1 } },
    };
    return call(putFlow(this.ports), { method: 'PUT', params: { flow: 'f' }, body });
  }

  /** Passes of the timer every `stepMs` until `end`. */
  async until(end: string, stepMs = 10_000): Promise<void> {
    const endMs = Date.parse(end);
    while (this.now < endMs) {
      this.now = Math.min(this.now + stepMs, endMs);
      await this.tick();
    }
  }

  tick(): Promise<void> {
    return this.pass();
  }

  /** The runs that go on end. */
  end(): void {
    this.open.clear();
  }

  /** When the occurrences were due whose runs were started, `hh:mm` of the day in UTC, in order of starting. */
  times(): string[] {
    return this.started.map(({ triggerBody }) =>
      (triggerBody as { scheduledTime: string }).scheduledTime.slice(11, 16),
    );
  }

  /** Trigger history, oldest first: `hh:mm outcome [reason]`. */
  async history(): Promise<string[]> {
    const { entries } = await this.ports.triggerHistory.list('f', { top: 100 });
    return entries
      .map(({ atMs, outcome, reason = '' }) =>
        `${new Date(atMs).toISOString().slice(11, 16)} ${outcome} ${reason}`.trim(),
      )
      .reverse();
  }

  /** The index as it stands: how many rows. */
  async indexed(): Promise<number> {
    const rows = await this.ports.schedules.due({ shard: 0, nowMs: Number.MAX_SAFE_INTEGER, top: 1_000 });
    return rows.length;
  }
}
