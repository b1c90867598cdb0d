import type { Ports } from '../adapters/ports';

/** Notes which queue a machine serves and, while it moves, where to ('': it does not). */
export function placeMachine({ machines }: Pick<Ports, 'machines'>) {
  return ({
    machine,
    queue,
    move,
    movingTo,
  }: {
    machine: string;
    queue: string;
    move: number;
    movingTo: string;
  }): Promise<void> => machines.change(machine, { queue, move, movingTo });
}
