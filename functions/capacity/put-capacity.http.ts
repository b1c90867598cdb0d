import { placeOf, type Ports } from '../../adapters/ports';
import { capacityBody } from '../../contracts/capacity';
import type { CapacityOrder } from '../../orchestrators/call-queue';
import { orchestrations } from '../../orchestrators/names';
import type { QueueCommandInput } from '../../orchestrators/queue-command';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { accepted, outputOf } from '../queues/send-queue-command';
import { limitBots } from '../queues/signal-queue';
import { parseBody, readJson } from '../request-body';
import { readCapacityView } from './capacity-view';

/**
 * PUT capacity (row H1): the number of unattended bots, or null for no limit. Runs that go on keep their bots, also when there are
 * fewer now. A queue that is missed here learns of the limit from the machine watch.
 */
export function putCapacity(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { bots } = parseBody(capacityBody, await readJson(request, ports.settings.maxBodyBytes));
    await ports.bots.put(bots ?? undefined);
    const done = bots === null || (await setTotal(client, bots));
    await limitQueues(ports, client, bots !== null);
    return done
      ? json(await readCapacityView(client, bots ?? undefined, ports.now()))
      : accepted('/api/capacity');
  });
}

async function setTotal(client: Orchestrations, total: number): Promise<boolean> {
  const input: CapacityOrder = { kind: 'setTotal', total };
  const instance = await client.startNew(orchestrations.capacityCommand, { input });
  return (await outputOf(client, instance)) !== undefined;
}

async function limitQueues(ports: Ports, client: Orchestrations, limited: boolean): Promise<void> {
  const machines = (await ports.machines.list()).filter(({ revoked }) => !revoked);
  const queues = new Set(machines.map((machine) => placeOf(machine).queue));
  await Promise.all(
    [...queues].map((queue) => {
      const input: QueueCommandInput = { queue, order: limitBots(limited) };
      return client.startNew(orchestrations.queueCommand, { input });
    }),
  );
}
