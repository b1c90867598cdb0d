import type { Ports } from '../../adapters/ports';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { desktopFlowView } from './desktop-flow-view';

/** GET desktop-flows/{name} */
export function getDesktopFlow(ports: Ports): Handler {
  return http(async (request) => {
    const name = request.params['name'] ?? '';
    const flow = await ports.desktopFlows.get(name);
    if (!flow)
      throw new RequestError('DesktopFlowNotFound', { detail: `There is no desktop flow "${name}".` });
    return json(desktopFlowView(flow));
  });
}
