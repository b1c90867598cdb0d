import { placeOf, type Ports } from '../adapters/ports';

/**
 * Notes which queue a machine serves and, while it moves, where to ('': it does not). A machine that has left a group keeps the
 * queue timeout that the group defined last (rows B2, D4, F7).
 */
export function placeMachine({ machines, groups }: Pick<Ports, 'machines' | 'groups'>) {
  return async ({
    machine,
    queue,
    move,
    movingTo,
  }: {
    machine: string;
    queue: string;
    move: number;
    movingTo: string;
  }): Promise<void> => {
    const row = queue === machine ? await machines.get(machine) : undefined;
    const left = row && placeOf(row).queue !== queue ? await groups.get(placeOf(row).queue) : undefined;
    const kept = left ? { queueTimeout: left.queueTimeout ?? '' } : {};
    await machines.change(machine, { queue, move, movingTo, ...kept });
  };
}
