import { placeOf, type Ports } from '../adapters/ports';
import type { MachineReport } from '../contracts/agent-protocol';

/** A machine as a move between queues needs it. */
export interface MovingMachine {
  id: string;
  epoch: number;
  report: MachineReport;
  revoked: boolean;
  maintenance: boolean;
  queue: string;
  move: number;
  /** A move under way, or one that was broken off. */
  movingTo: string | undefined;
  /** Whether the environment counts unattended bots (row H1). */
  limitedBots: boolean;
}

export function readMachine({ machines, bots }: Pick<Ports, 'machines' | 'bots'>) {
  return async ({ machine }: { machine: string }): Promise<MovingMachine | undefined> => {
    const row = await machines.get(machine);
    if (!row) return undefined;
    const { id, epoch, report, revoked, maintenance = false, movingTo } = row;
    const limitedBots = (await bots.get()) !== undefined;
    return {
      id,
      epoch,
      report,
      revoked,
      maintenance,
      ...placeOf(row),
      movingTo: movingTo || undefined,
      limitedBots,
    };
  };
}
