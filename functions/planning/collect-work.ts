import type { StoredFlow } from '../../adapters/flow-ports';
import { placeOf, type Ports, type StoredConnection } from '../../adapters/ports';
import type { PlanningView } from '../../contracts/planning';
import type { RecurrenceTrigger } from '../../contracts/triggers';
import { expectedDuration } from '../../domain/forecast/durations';
import { desktopFlowActions, type PlannedAction } from '../../domain/planning/desktop-flow-actions';
import type { PlannedWork } from '../../domain/planning/hourly-load';
import type { QueueSnapshot } from '../../domain/run-queue/snapshot';
import { isExcluded, occurrences } from '../../domain/schedules/occurrences';
import type { Orchestrations } from '../http';
import { readQueue } from '../queues/read-queue';

/** A run that came due before the view begins may reach into it. */
const LOOK_BACK_MS = 24 * 3_600_000;
/** A schedule with more occurrences in the time asked for is counted up to here. */
const MAX_STARTS = 20_000;

export interface QueueWork {
  queue: string;
  name: string;
  machines: number;
  /** Runs that its machines execute at once; those under maintenance execute none. */
  slots: number;
  work: PlannedWork[];
}

interface Span {
  fromMs: number;
  toMs: number;
}

/** What the enabled schedules will ask of each queue (row H4), and which of their actions cannot be told in advance. */
export async function collectWork(
  ports: Ports,
  client: Pick<Orchestrations, 'readEntityState'>,
  span: Span,
): Promise<{ queues: QueueWork[]; unplanned: PlanningView['unplanned'] }> {
  const unplanned: PlanningView['unplanned'] = [];
  const snapshots = new Map<string, QueueSnapshot>();
  const queues = new Map<string, QueueWork>();
  const queueOf = async (queue: string): Promise<[QueueWork, QueueSnapshot]> => {
    const snapshot = snapshots.get(queue) ?? (await readQueue(client, queue));
    snapshots.set(queue, snapshot);
    const known = queues.get(queue) ?? (await describe(ports, queue, snapshot));
    queues.set(queue, known);
    return [known, snapshot];
  };

  for (const flow of await ports.flows.list()) {
    const starts = startsOf(flow, span);
    if (starts.length === 0) continue;
    for (const action of desktopFlowActions(flow.definition)) {
      const miss = (why: string): void =>
        void unplanned.push({ flow: flow.name, action: action.action, why });
      const { desktopFlow } = action;
      if (desktopFlow === undefined) {
        miss('The desktop flow is an expression.');
        continue;
      }
      for (const { queue, share } of await placesOf(ports, action, miss)) {
        const [planned, snapshot] = await queueOf(queue);
        const durationMs = expectedDuration(snapshot.durations, desktopFlow);
        if (durationMs === undefined) miss('No run has shown yet how long it takes.');
        planned.work.push({ flow: flow.name, desktopFlow, starts, durationMs, share });
      }
    }
  }
  return { queues: [...queues.values()].sort((a, b) => a.name.localeCompare(b.name)), unplanned };
}

function startsOf({ definition, updatedMs }: StoredFlow, { fromMs, toMs }: Span): number[] {
  const trigger = Object.values(definition.triggers).find(
    (candidate): candidate is RecurrenceTrigger => candidate.type === 'Recurrence',
  );
  if (!trigger) return [];
  const schedule = { trigger, sinceMs: updatedMs };
  const starts: number[] = [];
  for (const atMs of occurrences(schedule, fromMs - LOOK_BACK_MS)) {
    if (atMs >= toMs || starts.length === MAX_STARTS) break;
    if (!isExcluded(schedule, atMs)) starts.push(atMs);
  }
  return starts;
}

/** The queues that the runs of an action go to; members of a cluster share them evenly. */
async function placesOf(
  ports: Ports,
  action: PlannedAction,
  miss: (why: string) => void,
): Promise<{ queue: string; share: number }[]> {
  if (action.connection === undefined) {
    miss('The connection is an expression.');
    return [];
  }
  const connection = await ports.connections.get(action.connection);
  if (!connection) {
    miss(`There is no connection ${action.connection}.`);
    return [];
  }
  const { group, machines } = await targetsOf(ports, connection.target);
  if (group !== undefined) return [{ queue: group, share: 1 }];
  const rows = await Promise.all(machines.map((id) => ports.machines.getCached(id)));
  const usable = rows.flatMap((row) => (row && !row.revoked ? [placeOf(row).queue] : []));
  if (usable.length === 0) miss(`The connection ${action.connection} leads to no machine.`);
  return usable.map((queue) => ({ queue, share: 1 / usable.length }));
}

async function targetsOf(
  ports: Ports,
  target: StoredConnection['target'],
): Promise<{ group?: string; machines: string[] }> {
  switch (target.kind) {
    case 'machine':
      return { machines: [target.id] };
    case 'group':
      return target.pinned === undefined ? { group: target.id, machines: [] } : { machines: [target.pinned] };
    case 'gateway':
    case 'cluster': {
      const gateways = await ports.gateways.list();
      const named = gateways.filter(
        ({ name, cluster, enabled }) =>
          enabled && (target.kind === 'gateway' ? name === target.name : cluster === target.name),
      );
      return { machines: named.map(({ machine }) => machine) };
    }
  }
}

async function describe(ports: Ports, queue: string, snapshot: QueueSnapshot): Promise<QueueWork> {
  const row = (await ports.groups.get(queue)) ?? (await ports.machines.getCached(queue));
  const working = snapshot.machines.filter(({ maintenance }) => !maintenance);
  return {
    queue,
    name: row?.name ?? queue,
    machines: snapshot.machines.length,
    slots: snapshot.settings.maintenance ? 0 : working.reduce((sum, { slots }) => sum + slots, 0),
    work: [],
  };
}
