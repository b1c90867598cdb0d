import type { Ports } from '../../adapters/ports';
import { http, json, type Handler } from '../http';
import { findMachine } from './find-machine';
import { machineView } from './machine-view';

/** GET machines/{machine} */
export function getMachine(ports: Ports): Handler {
  return http(async (request) => {
    const machine = await findMachine(ports, request);
    return json(machineView(machine, await ports.presence.get(machine.id)));
  });
}
