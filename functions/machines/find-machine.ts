import type { HttpRequest } from '@azure/functions';
import type { MachineRow, Ports } from '../../adapters/ports';
import { machineId } from '../../contracts/ids';
import { RequestError } from '../problem';

/** The machine that the address names. @throws RequestError MachineNotFound */
export async function findMachine(ports: Ports, request: HttpRequest): Promise<MachineRow> {
  const id = request.params['machine'] ?? '';
  const machine = machineId.safeParse(id).success ? await ports.machines.get(id) : undefined;
  if (!machine || machine.revoked)
    throw new RequestError('MachineNotFound', { detail: `There is no machine "${id}".` });
  return machine;
}
