import { placeOf, type Ports } from '../../adapters/ports';
import { releaseBody } from '../../contracts/queues';
import { callerOf } from '../caller';
import { durableHttp, json, type DurableHandler } from '../http';
import { readQueueView } from '../queues/queue-view';
import { accepted, sendQueueCommand } from '../queues/send-queue-command';
import { parseBody, readJson } from '../request-body';
import { findMachine } from './find-machine';

/**
 * POST machines/{machine}/queue/release: a person frees the machine at once. Its runs end, its agent is told to stop them, the next grant has
 * a higher fence (row L4). Who did it and why stands in the change feed.
 */
export function releaseMachine(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const machine = await findMachine(ports, request);
    const { reason } = parseBody(releaseBody, await readJson(request, ports.settings.maxBodyBytes));
    const { queue } = placeOf(machine);
    const done = await sendQueueCommand(client, queue, {
      kind: 'releaseByHand',
      machine: machine.id,
      reason,
      actor: callerOf(request).name,
    });
    if (!done) return accepted(`/api/machines/${machine.id}/queue`);
    return json(await readQueueView(client, queue, ports.now()));
  });
}
