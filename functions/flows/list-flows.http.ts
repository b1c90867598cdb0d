import type { Ports } from '../../adapters/ports';
import type { FlowList } from '../../contracts/api-flows';
import { http, json, type Handler } from '../http';
import { flowSummary } from './flow-view';

/** GET flows */
export function listFlows(ports: Ports): Handler {
  return http(async () => {
    const body: FlowList = { flows: (await ports.flows.list()).map(flowSummary) };
    return json(body);
  });
}
