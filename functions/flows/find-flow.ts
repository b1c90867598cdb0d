import type { StoredFlow } from '../../adapters/flow-ports';
import type { Ports } from '../../adapters/ports';
import { RequestError } from '../problem';

/** @throws RequestError FlowNotFound */
export async function findFlow(ports: Pick<Ports, 'flows'>, name: string): Promise<StoredFlow> {
  const flow = await ports.flows.get(name);
  if (!flow) throw new RequestError('FlowNotFound', { detail: `There is no cloud flow "${name}".` });
  return flow;
}
