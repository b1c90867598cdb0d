import type { Ports } from '../../adapters/ports';
import type { DesktopFlowList } from '../../contracts/api-flows';
import { http, json, type Handler } from '../http';
import { desktopFlowView } from './desktop-flow-view';

/** GET desktop-flows */
export function listDesktopFlows(ports: Ports): Handler {
  return http(async () => {
    const body: DesktopFlowList = { desktopFlows: (await ports.desktopFlows.list()).map(desktopFlowView) };
    return json(body);
  });
}
