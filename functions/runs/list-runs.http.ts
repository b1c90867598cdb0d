import type { Ports } from '../../adapters/ports';
import { runListQuery, type RunList } from '../../contracts/api-runs';
import { http, json, type Handler } from '../http';
import { parseQuery } from '../request-body';
import { runSummary } from './run-view';

/** GET runs: cloud-flow runs, newest first. */
export function listRuns(ports: Ports): Handler {
  return http(async (request) => {
    const { rows, continuation } = await ports.runs.list(parseQuery(runListQuery, request));
    const body: RunList = {
      runs: rows.map(runSummary),
      ...(continuation === undefined ? {} : { continuation }),
    };
    return json(body);
  });
}
