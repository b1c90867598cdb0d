import { placeOf, type GroupRow, type MachineRow, type Ports } from '../../adapters/ports';
import type { GroupView } from '../../contracts/machine-groups';
import type { Orchestrations } from '../http';
import { timeoutText } from '../queues/queue-timeout';
import { settingsView } from '../queues/queue-view';
import { readQueue } from '../queues/read-queue';

/** Machines that are in the group, join it or leave it. */
export async function membersOf(ports: Pick<Ports, 'machines'>, group: string): Promise<MachineRow[]> {
  return (await ports.machines.list()).filter(
    (machine) => !machine.revoked && (placeOf(machine).queue === group || machine.movingTo === group),
  );
}

export async function readGroupView(
  ports: Pick<Ports, 'machines' | 'settings'>,
  client: Orchestrations,
  group: GroupRow,
): Promise<GroupView> {
  const [members, queue] = await Promise.all([membersOf(ports, group.id), readQueue(client, group.id)]);
  const known = new Map(queue.machines.map((machine) => [machine.machine, machine]));
  return {
    id: group.id,
    name: group.name,
    createdAt: new Date(group.createdMs).toISOString(),
    settings: {
      ...settingsView(queue),
      maxMachines: queue.settings.maxMachines,
      queueTimeout: timeoutText(ports, group.queueTimeout),
    },
    machines: members.map((machine) => ({
      machine: machine.id,
      name: machine.name,
      online: known.get(machine.id)?.online ?? false,
      maintenance: known.get(machine.id)?.maintenance ?? false,
      ...movingOf(machine, group.id),
    })),
    waiting: queue.waiting.length,
    running: queue.running.length,
  };
}

function movingOf({ movingTo }: MachineRow, group: string): { moving?: 'joining' | 'leaving' } {
  if (!movingTo) return {};
  return { moving: movingTo === group ? 'joining' : 'leaving' };
}
