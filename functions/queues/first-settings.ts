import { placeOf, type MachineRow } from '../../adapters/ports';
import type { QueueSettings } from '../../domain/run-queue/messages';

/** What a queue is told with its machine: row H1, and of a queue of its own how many runs the environment lets it hold (row F8). */
export function firstSettings(
  machine: MachineRow,
  { limitedBots, maxEntries }: { limitedBots: boolean; maxEntries: number },
): Partial<QueueSettings> {
  return placeOf(machine).queue === machine.id ? { limitedBots, maxEntries } : { limitedBots };
}
