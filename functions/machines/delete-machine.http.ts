import type { Ports } from '../../adapters/ports';
import { DELETED } from '../../domain/run-queue/moves';
import { callerOf } from '../caller';
import { durableHttp, type DurableHandler } from '../http';
import { accepted } from '../queues/send-queue-command';
import { findMachine } from './find-machine';
import { startMove } from './start-move';

/**
 * DELETE machines/{machine} (row B1): its registration is revoked at once, so that its events are dropped. Runs that execute on it end
 * as released by hand, runs that wait for it alone end with `EndpointDoNotExist`, then its command queue is removed.
 */
export function deleteMachine(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const machine = await findMachine(ports, request);
    await ports.machines.change(machine.id, { revoked: true });
    // A move that goes on sees that the machine was revoked and turns into its removal.
    await startMove(client, { machine: machine.id, target: DELETED, actor: callerOf(request).name });
    return accepted('/api/machines');
  });
}
