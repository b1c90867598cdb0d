import { placeOf, type Ports } from '../../adapters/ports';
import { durableHttp, type DurableHandler } from '../http';
import { patchQueuedRun } from '../queues/patch-queued-run';
import { findMachine } from './find-machine';

/** PATCH machines/{machine}/queue/{run} (rows F5, F6) */
export function patchMachineQueue(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const machine = await findMachine(ports, request);
    const self = `/api/machines/${machine.id}/queue`;
    return patchQueuedRun(ports, request, client, { queue: placeOf(machine).queue, self });
  });
}
