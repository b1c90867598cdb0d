import type { Ports } from '../../adapters/ports';
import { planningQuery, type PlanningView } from '../../contracts/planning';
import { hourlyLoad, quietest } from '../../domain/planning/hourly-load';
import { durableHttp, json, type DurableHandler } from '../http';
import { parseQuery } from '../request-body';
import { collectWork, type QueueWork } from './collect-work';

const HOUR_MS = 3_600_000;

/** GET planning (row H4): what the schedules of all enabled flows put on each machine and group, hour by hour. */
export function getPlanning(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { from, hours } = parseQuery(planningQuery, request);
    const fromMs = from === undefined ? Math.floor(ports.now() / HOUR_MS) * HOUR_MS : Date.parse(from);
    const toMs = fromMs + hours * HOUR_MS;
    const { queues, unplanned } = await collectWork(ports, client, { fromMs, toMs });
    const view: PlanningView = {
      from: at(fromMs),
      to: at(toMs),
      queues: queues.map((queue) => queueLoad(queue, { fromMs, hours })),
      unplanned,
    };
    return json(view);
  });
}

function queueLoad(
  { queue, name, machines, slots, work }: QueueWork,
  span: { fromMs: number; hours: number },
): PlanningView['queues'][number] {
  const hours = hourlyLoad(work, { ...span, slots });
  return {
    queue,
    name,
    machines,
    hours: hours.map(({ atMs, flows, busyMinutes, ...rest }) => ({
      at: at(atMs),
      ...rest,
      busyMinutes: rounded(busyMinutes),
      flows: flows.map((flow) => ({
        ...flow,
        starts: rounded(flow.starts),
        busyMinutes: rounded(flow.busyMinutes),
      })),
    })),
    quietest: quietest(hours, 3).map(at),
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
