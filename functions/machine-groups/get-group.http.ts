import type { Ports } from '../../adapters/ports';
import { durableHttp, json, type DurableHandler } from '../http';
import { readQueueView } from '../queues/queue-view';
import { findGroup } from './find-group';
import { readGroupView } from './group-view';

/** GET machine-groups/{group} */
export function getGroup(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) =>
    json(await readGroupView(ports, client, await findGroup(ports, request))),
  );
}

/** GET machine-groups/{group}/queue (row F4) */
export function getGroupQueue(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { id } = await findGroup(ports, request);
    return json(await readQueueView(client, id, ports.now()));
  });
}
