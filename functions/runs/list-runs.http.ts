import type { Ports, RunRow } from '../../adapters/ports';
import { runListQuery, type RunList } from '../../contracts/api-runs';
import { ownRunsOnly } from '../access/guard';
import { runOfCaller } from '../access/run-of-caller';
import { http, json, type Handler } from '../http';
import { parseQuery } from '../request-body';
import { runSummary } from './run-view';

/**
 * GET runs: cloud-flow runs, or desktop-flow runs by desktop flow, machine or group; newest first (row A8). Who sees only own runs is shown
 * those, and pages may be short while there is more (row L8).
 */
export function listRuns(ports: Ports): Handler {
  return http(async (request) => {
    const { status, group, from, to, ...query } = parseQuery(runListQuery, request);
    const caller = ownRunsOnly(request);
    const page = await ports.runs.list({
      ...query,
      state: status,
      queue: group,
      fromMs: from === undefined ? undefined : Date.parse(from),
      toMs: to === undefined ? undefined : Date.parse(to),
      // A list of cloud-flow runs knows the starter itself, so its pages are not short.
      startedBy: query.startedBy ?? (isOfDesktopFlows(query, group) ? undefined : caller),
    });
    const rows = caller === undefined ? page.rows : await ownOf(ports, page.rows, caller);
    const body: RunList = {
      runs: rows.map(runSummary),
      ...(page.continuation === undefined ? {} : { continuation: page.continuation }),
    };
    return json(body);
  });
}

function isOfDesktopFlows(query: { desktopFlow?: unknown; machine?: unknown }, group: unknown): boolean {
  return [query.desktopFlow, query.machine, group].some((given) => given !== undefined);
}

async function ownOf(ports: Ports, rows: readonly RunRow[], caller: string): Promise<RunRow[]> {
  const whose = await Promise.all(rows.map(({ run }) => runOfCaller(ports, undefined, { run, caller })));
  return rows.filter((_row, index) => whose[index] === 'caller');
}
