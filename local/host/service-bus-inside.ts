import type { MessageHandlers, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import { AmqpError } from '../broker/amqp/amqp-error';
import type { Inside, InsideReceiver } from '../broker/inside';
import { messageOf } from './host-error';
import type { InProcessService } from './in-process';

/** The part of the vendor's receiver that triggers of single messages use. */
export type TriggerReceiver = Pick<
  ServiceBusReceiver,
  'subscribe' | 'completeMessage' | 'abandonMessage' | 'close'
>;

/** Receives from a queue of a broker in this process, as the vendor's receiver does over AMQP. */
export class InProcessReceiver implements TriggerReceiver {
  private receiver: InsideReceiver | undefined;
  private closed = false;

  constructor(
    private readonly inside: Inside,
    private readonly queue: string,
    private readonly options: { maxAutoLockRenewalMs: number; waitsForDisk: boolean },
  ) {}

  subscribe(
    handlers: MessageHandlers,
    options: { maxConcurrentCalls?: number } = {},
  ): { close(): Promise<void> } {
    // In a later turn, as with the vendor's: handlers may settle at once, and a queue that is not there is told like one that went away.
    process.nextTick(() => this.receive(handlers, options.maxConcurrentCalls ?? 1));
    return { close: () => this.close() };
  }

  completeMessage(message: ServiceBusReceivedMessage): Promise<void> {
    return this.settle(message, 'complete');
  }

  async abandonMessage(message: ServiceBusReceivedMessage): Promise<void> {
    return this.settle(message, 'abandon');
  }

  /** Takes nothing more; what is held may still be settled. */
  async close(): Promise<void> {
    this.closed = true;
    this.receiver?.close();
  }

  private receive(handlers: MessageHandlers, most: number): void {
    if (this.closed) return;
    const onGone = (cause: unknown): void => {
      const error = Object.assign(new Error(messageOf(cause)), { code: 'MessagingEntityNotFound' });
      void handlers.processError({
        error,
        errorSource: 'receive',
        entityPath: this.queue,
        fullyQualifiedNamespace: this.inside.endpoint,
        identifier: this.queue,
      });
    };
    try {
      this.receiver = this.inside.receiver(this.queue, {
        most,
        waitsForDisk: this.options.waitsForDisk,
        renewsForMs: this.options.maxAutoLockRenewalMs,
        onMessage: (message) => {
          // It has what triggers read of a message.
          const work = handlers.processMessage(message as unknown as ServiceBusReceivedMessage);
          void work.finally(() => this.receiver?.done(message.lockToken));
        },
        onGone,
      });
      this.receiver.start();
    } catch (cause) {
      onGone(cause);
    }
  }

  private async settle(
    { lockToken = '' }: ServiceBusReceivedMessage,
    kind: 'complete' | 'abandon',
  ): Promise<void> {
    this.receiver?.settle(lockToken, kind);
  }
}

/** Where the app finds the REST API of these queues. */
export function restOrigin({ endpoint }: Inside): string {
  return new URL(endpoint.replace(/^sb:/, 'http:')).origin;
}

/**
 * Lets the app send to the queues without a socket: `POST <queue>/messages` with BrokerProperties, as the service's REST API has it
 * ("Send Message"; 201 when the message is taken).
 */
export function sendRequests(inside: Inside): InProcessService {
  return async ({ method, url, headers, body = '' }) => {
    const queue = /^\/(.+)\/messages$/.exec(decodeURIComponent(new URL(url).pathname))?.[1];
    if (method !== 'POST' || queue === undefined) return { status: 404, headers: {}, body: undefined };
    const properties = JSON.parse(headers['brokerproperties'] ?? '{}') as {
      MessageId?: string;
      Label?: string;
      /** Seconds. */
      TimeToLive?: number;
    };
    const ttl = properties.TimeToLive;
    try {
      inside.send(queue, {
        messageId: properties.MessageId,
        subject: properties.Label,
        contentType: headers['content-type'],
        ttlMs: ttl === undefined ? undefined : Math.round(ttl * 1_000),
        body: Buffer.from(body),
      });
      return { status: 201, headers: {}, body: undefined };
    } catch (error) {
      return { status: statusOf(error), headers: {}, body: messageOf(error) };
    }
  };
}

function statusOf(error: unknown): number {
  return error instanceof AmqpError ? error.amqp.status : 500;
}
