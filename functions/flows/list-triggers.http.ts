import type { Ports } from '../../adapters/ports';
import { triggerHistoryQuery, type TriggerHistoryPage } from '../../contracts/api-triggers';
import { http, json, type Handler } from '../http';
import { parseQuery } from '../request-body';
import { findFlow } from './find-flow';

/** GET flows/{flow}/triggers: what the trigger did, newest first. */
export function listTriggers(ports: Ports): Handler {
  return http(async (request) => {
    const { name } = await findFlow(ports, request.params['flow'] ?? '');
    const query = parseQuery(triggerHistoryQuery, request);
    const [{ entries, continuation }, filtered] = await Promise.all([
      ports.triggerHistory.list(name, query),
      ports.triggerHistory.filtered(name),
    ]);
    const body: TriggerHistoryPage = {
      triggers: entries.map(({ atMs, trigger, outcome, reason, run, detail }) => ({
        at: new Date(atMs).toISOString(),
        trigger,
        outcome,
        ...(reason === undefined ? {} : { reason }),
        ...(run === undefined ? {} : { run }),
        ...(detail === undefined ? {} : { detail }),
      })),
      filtered,
      ...(continuation === undefined ? {} : { continuation }),
    };
    return json(body);
  });
}
