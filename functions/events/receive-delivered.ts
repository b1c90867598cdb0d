import type { InvocationContext } from '@azure/functions';
import type { Instances } from '../../adapters/instances';
import type { Ports } from '../../adapters/ports';
import { readEvents } from '../../domain/events/event-shapes';
import { createIntake } from './take-events';

/**
 * Events that reach the app without the web's help: from a subscription of Event Grid, or in a queue or topic of Service Bus, or a queue of the storage account (row A3). Flows
 * know them by the source that is given here. What throws is delivered again, and in the end dead-lettered by who delivers.
 */
export function receiveDelivered(
  ports: Ports,
  instancesOf: (context: InvocationContext) => Instances,
  source: 'event-grid' | 'service-bus' | 'storage-queue',
): (message: unknown, context: InvocationContext) => Promise<void> {
  const intake = createIntake(ports);
  return async (message, context) => {
    const read = readEvents(message);
    if (!read.ok) throw new Error(`This is no event: ${JSON.stringify(read.problems).slice(0, 500)}`);
    await intake(instancesOf(context), source, read.events);
  };
}
