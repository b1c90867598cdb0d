import { OrchestrationRuntimeStatus } from 'durable-functions';
import type { MoveInput } from '../../orchestrators/move-machine';
import { orchestrations } from '../../orchestrators/names';
import type { Orchestrations } from '../http';
import { instanceStatus } from '../instances';

const open: ReadonlySet<OrchestrationRuntimeStatus> = new Set([
  OrchestrationRuntimeStatus.Pending,
  OrchestrationRuntimeStatus.Running,
  OrchestrationRuntimeStatus.ContinuedAsNew,
  OrchestrationRuntimeStatus.Suspended,
]);

/** Moves of a machine are serial: they share this instance id (rule 8). */
export function moveInstance(machine: string): string {
  return `move-${machine}`;
}

/** Starts moving a machine to another queue. @returns false while another move of it goes on. */
export async function startMove(client: Orchestrations, input: MoveInput): Promise<boolean> {
  const instanceId = moveInstance(input.machine);
  const status = await instanceStatus(client, instanceId, { showInput: false });
  if (status && open.has(status.runtimeStatus)) return false;
  try {
    await client.startNew(orchestrations.moveMachine, { instanceId, input });
    return true;
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes('HTTP 409')) return false;
    throw cause;
  }
}
