import type { Ports } from '../../adapters/ports';
import type { QueueView } from '../../contracts/api-machines';
import type { QueueSnapshot } from '../../domain/run-queue/snapshot';
import { storedSnapshot, type StoredEntity } from '../../entities/run-queue.entity';
import { runQueueEntity } from '../../orchestrators/names';
import { durableHttp, json, type DurableHandler } from '../http';
import { findMachine } from './find-machine';

/** GET machines/{machine}/queue (row F4): running, then waiting in the order of execution, each with why it waits now. */
export function getMachineQueue(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { id } = await findMachine(ports, request);
    const { entityState } = await client.readEntityState<StoredEntity>(runQueueEntity(id));
    return json(queueView(id, storedSnapshot(entityState)));
  });
}

function queueView(queue: string, snapshot: QueueSnapshot): QueueView {
  const at = (ms: number): string => new Date(ms).toISOString();
  const common = (run: QueueSnapshot['waiting'][number] | QueueSnapshot['running'][number]) => ({
    run: run.run,
    desktopFlow: run.flow,
    priority: run.priority,
    mode: run.mode,
    ...(run.requestedBy === undefined ? {} : { requestedBy: run.requestedBy }),
    requestedAt: at(run.requestedMs),
  });
  return {
    queue,
    at: at(snapshot.atMs),
    change: snapshot.change,
    running: snapshot.running.map((run) => ({
      ...common(run),
      machine: run.grant.machine,
      grantedAt: at(run.grantedMs),
      stopping: run.stopping,
    })),
    waiting: snapshot.waiting.map((run) => ({
      ...common(run),
      position: run.position,
      next: run.next,
      movedToTop: run.movedToTop,
      deadline: at(run.deadlineMs),
      reason: run.reason,
    })),
    machines: snapshot.machines.map(({ machine, online, maintenance, slots, runs }) => ({
      machine,
      online,
      maintenance,
      slots,
      runs,
    })),
  };
}
