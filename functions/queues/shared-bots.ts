import type { SharedBots } from '../../domain/forecast/expected-start';
import type { QueueSnapshot } from '../../domain/run-queue/snapshot';
import { storedCapacitySnapshot, type StoredCapacity } from '../../entities/unattended-capacity.entity';
import { capacityEntity } from '../../orchestrators/names';
import { readQueue, type QueueReader } from './read-queue';

/** Beyond so many, other queues are taken to keep the bots that they hold. */
const QUEUES_LOOKED_AT = 20;

/** Row H1: the bots that the forecast of a queue can count on; undefined where bots are not counted. */
export async function readSharedBots(
  client: QueueReader,
  queue: string,
  { settings, waiting }: QueueSnapshot,
): Promise<SharedBots | undefined> {
  if (!settings.limitedBots || !waiting.some(({ mode }) => mode === 'unattended')) return undefined;
  const { entityState } = await client.readEntityState<StoredCapacity>(capacityEntity());
  const { total, queues } = storedCapacitySnapshot(entityState);
  const others = queues.filter((other) => other.queue !== queue && other.lent + other.wanted > 0);
  const seen = others.slice(0, QUEUES_LOOKED_AT);
  const unseen = others.slice(QUEUES_LOOKED_AT).reduce((sum, { lent }) => sum + lent, 0);
  return {
    bots: Math.max(0, total - unseen),
    others: await Promise.all(seen.map((other) => readQueue(client, other.queue))),
  };
}
