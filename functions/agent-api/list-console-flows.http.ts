import type { Ports } from '../../adapters/ports';
import type { DesktopFlowList } from '../../contracts/api-flows';
import { desktopFlowView } from '../desktop-flows/desktop-flow-view';
import { http, json, type Handler } from '../http';
import { requireMachine } from './signed-request';

/** GET agent/desktop-flows (signed): what somebody at the machine can start there. */
export function listConsoleFlows(ports: Ports): Handler {
  return http(async (request) => {
    await requireMachine(ports, request, new Uint8Array());
    const body: DesktopFlowList = { desktopFlows: (await ports.desktopFlows.list()).map(desktopFlowView) };
    return json(body);
  });
}
