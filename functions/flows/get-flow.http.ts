import type { Ports } from '../../adapters/ports';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { flowView } from './flow-view';

/** GET flows/{flow} */
export function getFlow(ports: Ports): Handler {
  return http(async (request) => {
    const name = request.params['flow'] ?? '';
    const flow = await ports.flows.get(name);
    if (!flow) throw new RequestError('FlowNotFound', { detail: `There is no cloud flow "${name}".` });
    return json(flowView(flow));
  });
}
