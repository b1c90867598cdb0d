import type { Ports } from '../../adapters/ports';
import { durableHttp, json, type DurableHandler } from '../http';
import { readCapacityView } from './capacity-view';

/** GET capacity (row H1) */
export function getCapacity(ports: Ports): DurableHandler {
  return durableHttp(async (_request, client) =>
    json(await readCapacityView(client, await ports.bots.get(), ports.now())),
  );
}
