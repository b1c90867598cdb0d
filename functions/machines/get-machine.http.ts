import { placeOf, type MachineRow, type Ports } from '../../adapters/ports';
import type { MachineView } from '../../contracts/api-machines';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { queueTimeoutOf } from '../../orchestrators/resolve-target.activity';
import { timeoutText } from '../queues/queue-timeout';
import { settingsView } from '../queues/queue-view';
import { readQueue } from '../queues/read-queue';
import { findMachine } from './find-machine';
import { machineView } from './machine-view';

/** GET machines/{machine}: with the settings of its queue. */
export function getMachine(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) =>
    json(await machineDetails(ports, client, await findMachine(ports, request))),
  );
}

export async function machineDetails(
  ports: Pick<Ports, 'presence' | 'groups' | 'settings'>,
  client: Orchestrations,
  machine: MachineRow,
): Promise<MachineView> {
  const [presence, queue, queueTimeout] = await Promise.all([
    ports.presence.get(machine.id),
    readQueue(client, placeOf(machine).queue),
    queueTimeoutOf(ports, machine),
  ]);
  return {
    ...machineView(machine, presence),
    settings: { ...settingsView(queue), queueTimeout: timeoutText(ports, queueTimeout) },
  };
}
