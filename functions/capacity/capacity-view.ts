import type { CapacityView } from '../../contracts/capacity';
import type { CapacityDay, CapacitySnapshot } from '../../domain/capacity/messages';
import { storedCapacitySnapshot, type StoredCapacity } from '../../entities/unattended-capacity.entity';
import { capacityEntity } from '../../orchestrators/names';
import type { Orchestrations } from '../http';

const DAY_MS = 24 * 60 * 60_000;

export async function readCapacityView(
  client: Pick<Orchestrations, 'readEntityState'>,
  bots: number | undefined,
  nowMs: number,
): Promise<CapacityView> {
  const { entityState } = await client.readEntityState<StoredCapacity>(capacityEntity());
  return capacityView(storedCapacitySnapshot(entityState), bots, nowMs);
}

/** Row H1: utilisation and peaks. A bot that is lent but not used for a moment counts as used. */
export function capacityView(
  snapshot: CapacitySnapshot,
  bots: number | undefined,
  nowMs: number,
): CapacityView {
  const { lent, wanted, days, queues } = snapshot;
  return {
    bots: bots ?? null,
    lent,
    wanted,
    ...shareOf(lent, bots),
    days: days.map((day) => ({
      day: day.day,
      peakLent: day.peakLent,
      peakDemand: day.peakDemand,
      ...shareOf(day.lentMs, bots === undefined ? undefined : bots * passed(day, nowMs)),
    })),
    queues: queues.filter((queue) => queue.lent + queue.wanted > 0),
  };
}

function shareOf(used: number, all: number | undefined): { utilisation?: number } {
  return all === undefined || all <= 0 ? {} : { utilisation: Math.round((1_000 * used) / all) / 1_000 };
}

/** How much of the day has passed (ms). */
function passed({ day }: CapacityDay, nowMs: number): number {
  return Math.min(DAY_MS, Math.max(0, nowMs - Date.parse(`${day}T00:00:00Z`)));
}
