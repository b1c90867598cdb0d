import type { Ports } from '../../adapters/ports';
import type { MachineList } from '../../contracts/api-machines';
import { http, json, type Handler } from '../http';
import { machineView } from './machine-view';

/** GET machines */
export function listMachines(ports: Ports): Handler {
  return http(async () => {
    const [machines, rows] = await Promise.all([ports.machines.list(), ports.presence.list()]);
    const presence = new Map(rows.map((row) => [row.machine, row]));
    const body: MachineList = {
      machines: machines
        .filter(({ revoked }) => !revoked)
        .map((machine) => machineView(machine, presence.get(machine.id))),
    };
    return json(body);
  });
}
