import type { Ports } from '../../adapters/ports';
import { runListQuery, type RunList } from '../../contracts/api-runs';
import { http, json, type Handler } from '../http';
import { parseQuery } from '../request-body';
import { runSummary } from './run-view';

/** GET runs: cloud-flow runs, or desktop-flow runs by desktop flow, machine or group; newest first (row A8). */
export function listRuns(ports: Ports): Handler {
  return http(async (request) => {
    const { status, group, from, to, ...query } = parseQuery(runListQuery, request);
    const { rows, continuation } = await ports.runs.list({
      ...query,
      state: status,
      queue: group,
      fromMs: from === undefined ? undefined : Date.parse(from),
      toMs: to === undefined ? undefined : Date.parse(to),
    });
    const body: RunList = {
      runs: rows.map(runSummary),
      ...(continuation === undefined ? {} : { continuation }),
    };
    return json(body);
  });
}
