import type { StoredFlow } from '../../adapters/flow-ports';
import type { Ports } from '../../adapters/ports';
import type { EventsTaken } from '../../contracts/api-triggers';
import type { CloudEvent } from '../../contracts/events';
import { matchesEvent } from '../../domain/events/matches-event';
import { triggerOf } from '../flows/flow-input';
import { awaitStart, claimRun, newRun, type RunStarter, startClaimed } from '../flows/start-flow-run';
import { RequestError } from '../problem';
import { sha256Hex } from '../request-body';
import { sharedRead } from './shared-read';

/** Events of one request that are seen to at the same time. */
const AT_ONCE = 16;

/** Counts of events that passed by are written at most this often (ms). */
const COUNTED_EVERY_MS = 10_000;

type Taken = EventsTaken['events'][number];
type IntakePorts = Pick<
  Ports,
  'sealer' | 'claims' | 'flows' | 'runs' | 'triggerHistory' | 'settings' | 'now'
>;

/** Starts the runs of events that came by a source. @returns per event what it has started. */
export type Intake = (instances: RunStarter, source: string, events: CloudEvent[]) => Promise<Taken[]>;

/**
 * One run of each flow whose filter an event fits (rows A3, L1). When it returns, all of these runs are started; when it throws, some may
 * be, and sending the events again starts the others: what an event has started is claimed for each flow by the event's source and id.
 */
export function createIntake(ports: IntakePorts): Intake {
  const passedBy = new PassedBy(ports);
  const readFlows = sharedRead(() => ports.flows.list());

  return async (instances, source, events) => {
    for (const event of events) requireFit(event);
    const flows = (await readFlows()).filter((flow) => sourceOf(flow) === source);
    const taken = new Map<string, Promise<Taken>>();
    const inOrder = events.map((event) => ({ event, key: `event:${event.source}\n${event.id}` }));
    const results: Taken[] = [];
    for (let at = 0; at < inOrder.length; at += AT_ONCE) {
      const some = inOrder.slice(at, at + AT_ONCE).map(async ({ event, key }) => {
        // One that stands in the list before is waited for, then found to be a duplicate.
        const before = taken.get(key);
        const mine = (before ?? Promise.resolve()).then(() => take(instances, flows, event, key));
        taken.set(key, mine);
        return mine;
      });
      // All are waited for, so that none is still under way when this one throws.
      for (const outcome of await Promise.allSettled(some)) {
        if (outcome.status === 'rejected') throw outcome.reason;
        results.push(outcome.value);
      }
    }
    await passedBy.flush();
    return results;
  };

  async function take(
    instances: RunStarter,
    flows: StoredFlow[],
    event: CloudEvent,
    key: string,
  ): Promise<Taken> {
    const runs: Taken['runs'] = [];
    for (const flow of flows) {
      const trigger = triggerOf(flow.definition);
      if (trigger.type !== 'Event') continue;
      if (matchesEvent(trigger, event)) runs.push(...(await fire(instances, flow, event, key)));
      else passedBy.count(flow.name);
    }
    return { id: event.id, runs };
  }

  async function fire(
    instances: RunStarter,
    flow: StoredFlow,
    event: CloudEvent,
    key: string,
  ): Promise<Taken['runs']> {
    const entry = {
      flow: flow.name,
      atMs: ports.now(),
      id: sha256Hex(key).slice(0, 16),
      trigger: 'Event',
      detail: `${event.source} ${event.id}`,
    };
    if (flow.disabled) {
      await ports.triggerHistory.record({ ...entry, outcome: 'skipped', reason: 'disabled' });
      return [];
    }
    const start = newRun(ports, flow, {
      triggerBody: event,
      startedBy: `event ${event.source}`.slice(0, 200),
    });
    const standing = await claimRun(ports, { key, bodyHash: '', start });
    const { run } = standing.claim;
    const started = await startClaimed(ports, instances, standing);
    if (started.state === 'began') {
      await ports.triggerHistory.record({ ...entry, outcome: 'fired', run });
      return [{ flow: flow.name, run }];
    }
    if (started.state === 'pending' && !(await awaitStart(ports, instances, run))) {
      throw new RequestError('Unavailable', {
        detail: `The run that the event ${event.id} has claimed has not been started yet.`,
        headers: { 'retry-after': String(Math.ceil(started.retryMs / 1_000)) },
      });
    }
    const repeated = { ...entry, id: `${entry.id}${sha256Hex(start.run).slice(0, 8)}` };
    await ports.triggerHistory.record({ ...repeated, outcome: 'skipped', reason: 'duplicate', run });
    return [{ flow: flow.name, run, duplicate: true }];
  }

  /** @throws RequestError BodyTooLarge */
  function requireFit(event: CloudEvent): void {
    const limit = ports.settings.maxBodyBytes;
    if (Buffer.byteLength(JSON.stringify(event)) <= limit) return;
    const detail = `The event ${event.id.slice(0, 100)} is over the limit of ${limit} bytes for one event.`;
    throw new RequestError('BodyTooLarge', { detail });
  }
}

function sourceOf({ definition }: StoredFlow): string | undefined {
  const trigger = triggerOf(definition);
  return trigger.type === 'Event' ? trigger.inputs.source : undefined;
}

/** Counts in memory and writes now and then: of events that nobody wanted nothing else is kept, and a crash may lose a few. */
class PassedBy {
  private counts = new Map<string, number>();
  private flushedMs = 0;

  constructor(private readonly ports: Pick<Ports, 'triggerHistory' | 'now'>) {}

  count(flow: string): void {
    this.counts.set(flow, (this.counts.get(flow) ?? 0) + 1);
  }

  async flush(): Promise<void> {
    const nowMs = this.ports.now();
    if (this.counts.size === 0 || nowMs - this.flushedMs < COUNTED_EVERY_MS) return;
    this.flushedMs = nowMs;
    const counts = [...this.counts];
    this.counts = new Map();
    await Promise.all(counts.map(([flow, count]) => this.ports.triggerHistory.addFiltered(flow, count)));
  }
}
