import type { QueueSnapshot } from '../../domain/run-queue/snapshot';
import { storedSnapshot, type StoredEntity } from '../../entities/run-queue.entity';
import { runQueueEntity } from '../../orchestrators/names';
import type { Orchestrations } from '../http';

export type QueueReader = Pick<Orchestrations, 'readEntityState'>;

/** The queue as the entity has stored it; one to which nothing has come yet is empty. */
export async function readQueue(client: QueueReader, queue: string): Promise<QueueSnapshot> {
  const { entityState } = await client.readEntityState<StoredEntity>(runQueueEntity(queue));
  return storedSnapshot(entityState);
}
