import type { Ports } from '../../adapters/ports';
import { scheduleQuery, type ScheduleView } from '../../contracts/api-triggers';
import { isExcluded, nextOccurrences } from '../../domain/schedules/occurrences';
import { localText } from '../../domain/schedules/time-zone';
import { findFlow } from '../flows/find-flow';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { parseQuery } from '../request-body';
import { scheduleOf } from './flow-schedule';

/** GET flows/{flow}/schedule?count=: when it comes next, in its zone. */
export function getSchedule(ports: Ports): Handler {
  return http(async (request) => {
    const { count } = parseQuery(scheduleQuery, request);
    const flow = await findFlow(ports, request.params['flow'] ?? '');
    const schedule = scheduleOf(flow);
    if (!schedule) throw new RequestError('NoSchedule');
    const { timeZone } = schedule.trigger.recurrence;
    const body: ScheduleView = {
      flow: flow.name,
      timeZone,
      enabled: flow.disabled === undefined,
      occurrences: nextOccurrences(schedule, ports.now(), count).map((atMs) => ({
        at: new Date(atMs).toISOString(),
        local: localText(timeZone, atMs),
        ...(isExcluded(schedule, atMs) ? { excluded: true } : {}),
      })),
    };
    return json(body);
  });
}
