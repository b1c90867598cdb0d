import type { InvocationContext } from '@azure/functions';
import type { Instances } from '../adapters/instances';
import { INBOX } from '../domain/runs/inbox-messages';
import type { FlowMessage, InboxMessage } from '../domain/runs/inbox-messages';

/** Tells several instances the same. @returns those that do not exist (yet). */
export function raiseInbox(instancesOf: (context: InvocationContext) => Instances) {
  return async (
    { instances, message }: { instances: string[]; message: InboxMessage | FlowMessage },
    context: InvocationContext,
  ): Promise<{ unknown: string[] }> => {
    const client = instancesOf(context);
    const answers = await Promise.all(
      instances.map(async (instance) => ({ instance, answer: await client.raise(instance, INBOX, message) })),
    );
    return { unknown: answers.filter(({ answer }) => answer === 'unknown').map(({ instance }) => instance) };
  };
}
