import type { Ports } from '../adapters/ports';

/** Removes the queue that carries a machine's commands; one that is gone is no error. */
export function removeCommandQueue({ machineQueues }: Pick<Ports, 'machineQueues'>) {
  return ({ machine }: { machine: string }): Promise<void> => machineQueues.remove(machine);
}
