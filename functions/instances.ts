import type { DurableOrchestrationStatus } from 'durable-functions';
import type { Instances } from '../adapters/instances';
import type { Orchestrations } from './http';

/** The instance's status, or undefined when there is no such instance (the client's own answer to that is an error). */
export async function instanceStatus(
  client: Pick<Orchestrations, 'getStatus'>,
  instance: string,
  options: { showInput: boolean } = { showInput: true },
): Promise<DurableOrchestrationStatus | undefined> {
  try {
    return await client.getStatus(instance, options);
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes('HTTP 404')) return undefined;
    throw cause;
  }
}

/** What starts runs and asks after them, over the client that a handler is given. */
export function starterOf(
  client: Pick<Orchestrations, 'startNew' | 'getStatus'>,
): Pick<Instances, 'start' | 'stateOf'> {
  return {
    start: (name, input, instanceId) =>
      client.startNew(name, { input, ...(instanceId === undefined ? {} : { instanceId }) }),
    stateOf: async (instance) => {
      const status = await instanceStatus(client, instance, { showInput: false });
      if (!status) return 'none';
      return ['Pending', 'Running', 'Suspended', 'ContinuedAsNew'].includes(status.runtimeStatus)
        ? 'open'
        : 'ended';
    },
  };
}
