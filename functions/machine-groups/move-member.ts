import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { placeOf, type GroupRow, type MachineRow, type Ports } from '../../adapters/ports';
import type { QueueRefusal } from '../../domain/run-queue/messages';
import type { MoveResult } from '../../orchestrators/move-machine';
import { callerOf } from '../caller';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { findMachine } from '../machines/find-machine';
import { moveInstance, startMove } from '../machines/start-move';
import { RequestError } from '../problem';
import { readQueue } from '../queues/read-queue';
import { accepted, outputOf, refusedCommand } from '../queues/send-queue-command';
import { findGroup } from './find-group';
import { membersOf, readGroupView } from './group-view';

/**
 * PUT machine-groups/{group}/machines/{machine} (rows B2, D4): the machine joins as soon as its running work has ended. Runs that wait
 * for it come along.
 */
export function addMember(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const group = await findGroup(ports, request);
    const machine = await findMachine(ports, request);
    if (placeOf(machine).queue === group.id && !machine.movingTo) {
      return json(await readGroupView(ports, client, group));
    }
    await requireRoom(ports, client, group, machine);
    return move({ ports, request, client, group, machine, target: group.id });
  });
}

/** DELETE machine-groups/{group}/machines/{machine}: back to a queue of its own, with the setting last defined by the group (row D4). */
export function removeMember(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const group = await findGroup(ports, request);
    const machine = await findMachine(ports, request);
    if (placeOf(machine).queue !== group.id) {
      throw new RequestError('MachineNotFound', { detail: `${machine.id} is not in this group.` });
    }
    return move({ ports, request, client, group, machine, target: machine.id });
  });
}

/** Says at once what the queue would say when the machine arrives there. */
async function requireRoom(
  ports: Ports,
  client: Orchestrations,
  group: GroupRow,
  machine: MachineRow,
): Promise<void> {
  const { settings } = await readQueue(client, group.id);
  const others = (await membersOf(ports, group.id)).filter(({ id }) => id !== machine.id);
  if (others.length >= settings.maxMachines) {
    throw new RequestError('GroupIsFull', {
      detail: `The group has ${others.length} machines and takes no more than ${settings.maxMachines}.`,
    });
  }
  if (settings.reuseSession && machine.report.multipleSessionsPerUser) {
    throw new RequestError('SessionReuseNotPossible', {
      detail: `On machine ${machine.id} a user may hold several sessions.`,
    });
  }
}

async function move(order: {
  ports: Ports;
  request: HttpRequest;
  client: Orchestrations;
  group: GroupRow;
  machine: MachineRow;
  target: string;
}): Promise<HttpResponseInit> {
  const { ports, request, client, group, machine, target } = order;
  const actor = callerOf(request).name;
  if (!(await startMove(client, { machine: machine.id, target, actor }))) {
    throw new RequestError('MachineIsMoving');
  }
  const result = (await outputOf(client, moveInstance(machine.id))) as MoveResult | undefined | null;
  if (result?.kind === 'refused') {
    throw refusedCommand({ kind: 'refused', code: result.code as QueueRefusal, detail: result.detail });
  }
  if (result?.kind !== 'moved') return accepted(`/api/machine-groups/${group.id}`);
  return json(await readGroupView(ports, client, group));
}
