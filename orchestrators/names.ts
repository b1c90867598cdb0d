import type { EntityId } from 'durable-functions';
import * as df from 'durable-functions';
import { CAPACITY_KEY, RUN_QUEUE, UNATTENDED_CAPACITY } from '../entities/queue-names';

/** Names under which app.ts registers durable functions; an instance keeps its orchestration's name in its history. */
export const orchestrations = {
  cloudFlowRun: 'cloud-flow-run',
  cloudFlowPart: 'cloud-flow-part',
  cloudFlowLoop: 'cloud-flow-loop',
  actionTries: 'action-tries',
  desktopFlowRun: 'desktop-flow-run',
  moveMachine: 'move-machine',
  queueCommand: 'queue-command',
  capacityCommand: 'capacity-command',
  testConnection: 'test-connection',
} as const;

/** One for the environment (row H1). */
export function capacityEntity(): EntityId {
  return new df.EntityId(UNATTENDED_CAPACITY, CAPACITY_KEY);
}

export function runQueueEntity(queue: string): EntityId {
  return new df.EntityId(RUN_QUEUE, queue);
}
