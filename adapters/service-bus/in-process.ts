import type { ServiceBusMessage } from '@azure/service-bus';
import { hostService, type HostService } from '../host-services';

/** The part of the vendor's sender that commands use. */
export interface CommandSender {
  sendMessages(message: ServiceBusMessage): Promise<void>;
  close(): Promise<void>;
}

export interface CommandSenders {
  createSender(queue: string): CommandSender;
}

/** The queues at this endpoint (`sb://host:port`) when they are in this process: sent to by the REST API of Service Bus, without a socket. */
export function sendersInProcess(endpoint: string): CommandSenders | undefined {
  const origin = endpoint.replace(/^sb:/i, 'http:');
  const service = hostService(origin);
  if (!service) return undefined;
  return {
    createSender: (queue) => ({
      sendMessages: (message) => send(service, `${origin}/${encodeURIComponent(queue)}/messages`, message),
      close: () => Promise.resolve(),
    }),
  };
}

async function send(service: HostService, url: string, message: ServiceBusMessage): Promise<void> {
  const { messageId, subject, timeToLive, contentType = 'application/json' } = message;
  const properties = {
    MessageId: messageId,
    Label: subject,
    TimeToLive: timeToLive === undefined ? undefined : timeToLive / 1_000,
  };
  const { status, body } = await service({
    method: 'POST',
    url,
    headers: { 'content-type': contentType, brokerproperties: JSON.stringify(properties) },
    body: JSON.stringify(message.body),
  });
  if (status !== 201) throw new Error(`The queue did not take the message (${status}): ${body ?? ''}`);
}
