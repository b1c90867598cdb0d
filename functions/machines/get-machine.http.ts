import { placeOf, type MachineRow, type Ports } from '../../adapters/ports';
import type { MachineView } from '../../contracts/api-machines';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { readQueue, settingsView } from '../queues/queue-view';
import { findMachine } from './find-machine';
import { machineView } from './machine-view';

/** GET machines/{machine}: with the settings of its queue. */
export function getMachine(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) =>
    json(await machineDetails(ports, client, await findMachine(ports, request))),
  );
}

export async function machineDetails(
  ports: Pick<Ports, 'presence'>,
  client: Orchestrations,
  machine: MachineRow,
): Promise<MachineView> {
  const [presence, queue] = await Promise.all([
    ports.presence.get(machine.id),
    readQueue(client, placeOf(machine).queue),
  ]);
  return { ...machineView(machine, presence), settings: settingsView(queue) };
}
