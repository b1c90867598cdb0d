import type { z } from 'zod';
import { placeOf, type MachineRow, type Ports } from '../../adapters/ports';
import { machinePatch } from '../../contracts/queues';
import type { QueueSettings } from '../../domain/run-queue/messages';
import { callerOf } from '../caller';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { RequestError } from '../problem';
import { accepted, sendQueueCommand } from '../queues/send-queue-command';
import { parseBody, readJson } from '../request-body';
import { findMachine } from './find-machine';
import { machineDetails } from './get-machine.http';

type Patch = z.infer<typeof machinePatch>;

/**
 * PATCH machines/{machine}: "Edit details" (rows B1, D3, E2, F8, F9, L10). What the queue decides on comes first, so that a refusal changes
 * nothing. The queue settings of a machine in a group are the group's (row D4).
 */
export function patchMachine(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const machine = await findMachine(ports, request);
    const given = parseBody(machinePatch, await readJson(request, ports.settings.maxBodyBytes));
    const actor = callerOf(request).name;
    if (given.queueTimeout !== undefined) requireOwnQueue(machine);
    const settled = [
      await changeQueue(client, machine, queueSettings(given), actor),
      await changeMaintenance(client, machine, given.maintenance, actor),
    ];
    const { name, maintenance, attendedNotice, queueTimeout } = given;
    await ports.machines.change(machine.id, {
      name,
      maintenance,
      attendedNotice,
      queueTimeout: queueTimeout === null ? '' : queueTimeout,
    });
    if (settled.includes(false)) return accepted(`/api/machines/${machine.id}`);
    const changed = await ports.machines.get(machine.id);
    return json(await machineDetails(ports, client, changed ?? machine));
  });
}

/** The settings that were given. */
export function queueSettings(given: {
  reuseSession?: boolean | undefined;
  strictOrder?: boolean | undefined;
  maxEntries?: number | undefined;
  maintenance?: boolean | undefined;
}): Partial<QueueSettings> {
  const { reuseSession, strictOrder, maxEntries } = given;
  return {
    ...(reuseSession === undefined ? {} : { reuseSession }),
    ...(strictOrder === undefined ? {} : { strictOrder }),
    ...(maxEntries === undefined ? {} : { maxEntries }),
  };
}

async function changeQueue(
  client: Orchestrations,
  machine: MachineRow,
  settings: Partial<QueueSettings>,
  actor: string,
): Promise<boolean> {
  if (Object.keys(settings).length === 0) return true;
  const queue = requireOwnQueue(machine);
  return sendQueueCommand(client, queue, { kind: 'settings', settings, actor });
}

/** @throws RequestError MachineInGroup */
function requireOwnQueue(machine: MachineRow): string {
  const { queue } = placeOf(machine);
  if (queue === machine.id) return queue;
  throw new RequestError('MachineInGroup', {
    detail: `The machine is in group ${queue}, whose settings it uses.`,
  });
}

async function changeMaintenance(
  client: Orchestrations,
  machine: MachineRow,
  on: Patch['maintenance'],
  actor: string,
): Promise<boolean> {
  if (on === undefined) return true;
  const { queue } = placeOf(machine);
  return sendQueueCommand(client, queue, { kind: 'machineMaintenance', machine: machine.id, on, actor });
}
