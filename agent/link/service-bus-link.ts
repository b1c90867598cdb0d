import { setTimeout as sleep } from 'node:timers/promises';
import {
  ServiceBusClient,
  type ServiceBusClientOptions,
  type ServiceBusMessage,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
  type ServiceBusSender,
} from '@azure/service-bus';
import type { LeaseResponse } from '../../contracts/agent-api';
import { eventMessageId, type AgentEventEnvelope } from '../../contracts/agent-protocol';
import type { Link, LinkHandlers, OpenLink } from './link';

/** Commands that are being journaled at once; they share one fdatasync. */
const MAX_CONCURRENT_COMMANDS = 32;
/** A command waits for the journal this long at most (full disk) before the broker gives it out again. */
const MAX_LOCK_RENEWAL_MS = 15 * 60_000;
const OPERATION_TIMEOUT_MS = 30_000;
/** Closing tells the broker goodbye when it still listens; a dead connection is left to the operating system. */
const CLOSE_PATIENCE_MS = 2_000;

/**
 * Opens the lease's queues on Azure Service Bus, or on anything that speaks its AMQP. Retries are the caller's.
 * @param clientOptions how a connection string is reached (agent/link/network.ts).
 */
export function serviceBusLink(
  clientOptions: (connectionString: string) => ServiceBusClientOptions,
): OpenLink {
  return (lease, handlers) => open(lease, handlers, clientOptions);
}

/** AMQP without detours. */
export const openServiceBusLink: OpenLink = serviceBusLink(() => ({}));

async function open(
  lease: LeaseResponse,
  handlers: LinkHandlers,
  clientOptions: (connectionString: string) => ServiceBusClientOptions,
): Promise<Link> {
  const retryOptions = { maxRetries: 0, timeoutInMs: OPERATION_TIMEOUT_MS };
  const client = ({ connectionString }: LeaseResponse['commands']): ServiceBusClient =>
    new ServiceBusClient(connectionString, { ...clientOptions(connectionString), retryOptions });
  const commandsClient = client(lease.commands);
  const eventsClient = client(lease.events);
  // The SDK tries to receive again for ever, also after its client was closed, unless it is told to stop.
  const closing = new AbortController();
  const close = async (): Promise<void> => {
    closing.abort();
    const goodbye = Promise.allSettled([commandsClient.close(), eventsClient.close()]);
    const patience = new AbortController();
    await Promise.race([
      goodbye,
      sleep(CLOSE_PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
  };
  try {
    const sender = eventsClient.createSender(lease.events.queue);
    const receiver = commandsClient.createReceiver(lease.commands.queue, {
      receiveMode: 'peekLock',
      maxAutoLockRenewalDurationInMs: MAX_LOCK_RENEWAL_MS,
    });
    subscribe(receiver, handlers, closing);
    // Opens the sending link, so that an unreachable broker or a lease for the wrong queue shows at once.
    await sender.createMessageBatch();
    return { send: (events) => send(sender, events), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens a sending link and closes it again. @throws what the broker answered. */
export async function probeQueue(
  access: { connectionString: string; queue: string },
  options: ServiceBusClientOptions,
): Promise<void> {
  const client = new ServiceBusClient(access.connectionString, {
    ...options,
    retryOptions: { maxRetries: 0, timeoutInMs: 10_000 },
  });
  try {
    await client.createSender(access.queue).createMessageBatch();
  } finally {
    await client.close();
  }
}

function subscribe(receiver: ServiceBusReceiver, handlers: LinkHandlers, closing: AbortController): void {
  receiver.subscribe(
    {
      processMessage: (message) => receive(receiver, handlers, message),
      processError: async ({ error, errorSource }) => {
        // Other errors concern one command: its lock was lost, it comes again and the journal answers again.
        if (closing.signal.aborted || errorSource !== 'receive') return;
        closing.abort();
        handlers.failed(error);
      },
    },
    {
      autoCompleteMessages: false,
      maxConcurrentCalls: MAX_CONCURRENT_COMMANDS,
      abortSignal: closing.signal,
    },
  );
}

async function receive(
  receiver: ServiceBusReceiver,
  handlers: LinkHandlers,
  message: ServiceBusReceivedMessage,
): Promise<void> {
  const settlement = await handlers.command(message.body);
  if (settlement === 'complete') await receiver.completeMessage(message);
  else {
    await receiver.deadLetterMessage(message, {
      deadLetterReason: 'InvalidCommand',
      deadLetterErrorDescription: settlement.deadLetter,
    });
  }
}

async function send(sender: ServiceBusSender, events: AgentEventEnvelope[]): Promise<void> {
  const messages = events.map((event): ServiceBusMessage => ({
    body: event,
    messageId: eventMessageId(event),
    contentType: 'application/json',
  }));
  let batch = await sender.createMessageBatch();
  for (const message of messages) {
    if (batch.tryAddMessage(message)) continue;
    if (batch.count > 0) await sender.sendMessages(batch);
    batch = await sender.createMessageBatch();
    if (!batch.tryAddMessage(message)) await sender.sendMessages(message);
  }
  if (batch.count > 0) await sender.sendMessages(batch);
}
