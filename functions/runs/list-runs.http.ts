import { z } from 'zod';
import type { Ports } from '../../adapters/ports';
import type { RunList } from '../../contracts/api-runs';
import { resourceName } from '../../contracts/ids';
import { cloudRunState } from '../../contracts/runs';
import { http, json, type Handler } from '../http';
import { parseQuery } from '../request-body';
import { runSummary } from './run-view';

const query = z.object({
  state: cloudRunState.optional(),
  flow: resourceName.optional(),
  top: z.coerce.number().int().min(1).max(100).default(20),
  continuation: z
    .string()
    .regex(/^\d{4}-\d{2}\.[0-9A-Z]{26}$/, 'is not the continuation of an earlier answer')
    .optional(),
});

/** GET runs: cloud-flow runs, newest first. */
export function listRuns(ports: Ports): Handler {
  return http(async (request) => {
    const { rows, continuation } = await ports.runs.list(parseQuery(query, request));
    const body: RunList = {
      runs: rows.map(runSummary),
      ...(continuation === undefined ? {} : { continuation }),
    };
    return json(body);
  });
}
