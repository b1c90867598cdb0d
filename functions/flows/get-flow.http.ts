import type { Ports } from '../../adapters/ports';
import { http, json, type Handler } from '../http';
import { findFlow } from './find-flow';
import { flowView } from './flow-view';

/** GET flows/{flow} */
export function getFlow(ports: Ports): Handler {
  return http(async (request) => {
    const flow = await findFlow(ports, request.params['flow'] ?? '');
    return json(flowView(flow));
  });
}
