import type { DurableOrchestrationStatus } from 'durable-functions';
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
