import { placeOf, type Ports } from '../../adapters/ports';
import { durableHttp, json, type DurableHandler } from '../http';
import { readQueueView } from '../queues/queue-view';
import { findMachine } from './find-machine';

/** GET machines/{machine}/queue (row F4): the queue that the machine serves, its own or its group's. */
export function getMachineQueue(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { queue } = placeOf(await findMachine(ports, request));
    return json(await readQueueView(client, queue, ports.now()));
  });
}
