import type { Ports } from '../../adapters/ports';
import { durableHttp, type DurableHandler } from '../http';
import { patchQueuedRun } from '../queues/patch-queued-run';
import { findGroup } from './find-group';

/** PATCH machine-groups/{group}/queue/{run} (rows F5, F6) */
export function patchGroupQueue(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { id } = await findGroup(ports, request);
    return patchQueuedRun(ports, request, client, { queue: id, self: `/api/machine-groups/${id}/queue` });
  });
}
