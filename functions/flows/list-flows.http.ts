import type { Ports } from '../../adapters/ports';
import type { FlowList } from '../../contracts/api-flows';
import { http, json, type Handler } from '../http';
import { flowsEtag, flowSummary } from './flow-view';

/** GET flows */
export function listFlows(ports: Ports): Handler {
  return http(async () => {
    const flows = await ports.flows.list();
    const body: FlowList = { flows: flows.map(flowSummary) };
    return json(body, 200, { etag: flowsEtag(flows) });
  });
}
