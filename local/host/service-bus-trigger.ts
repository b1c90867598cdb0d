import type {
  MessageHandlers,
  ProcessErrorArgs,
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
} from '@azure/service-bus';
import { subscriptionName } from '../broker/topic';
import type { RegisteredFunction } from './app-registry';
import { HostError, messageOf } from './host-error';
import { entityOf } from './service-bus-client';
import { InProcessReceiver, type TriggerReceiver } from './service-bus-inside';
import { batchBody, batchMetadata, messageBody, messageMetadata } from './service-bus-message';
import { runTriggered, type TriggerContext, type TriggerListener } from './trigger-context';

/** Defaults of the Service Bus extension 5.x. */
const DEFAULTS = {
  maxConcurrentCalls: 16,
  maxMessageBatchSize: 1_000,
  maxAutoLockRenewalMs: 5 * 60_000,
};
/** Pause before a receiver that failed for good (queue gone, access refused) is opened again. */
const REOPEN_AFTER_MS = 1_000;
/** How long a batch receiver waits for the first message before it asks again. */
const BATCH_WAIT_MS = 30_000;

/**
 * Receives from one queue or subscription in peek-lock: completes a message when its function succeeded, abandons it when it failed
 * (after the queue's maximum of deliveries the broker moves it to the dead letters). Reconnects for ever.
 */
export class ServiceBusTrigger implements TriggerListener {
  private readonly where: string;
  private readonly settings: {
    maxConcurrentCalls: number;
    maxMessageBatchSize: number;
    maxAutoLockRenewalMs: number;
    autoComplete: boolean;
  };
  private readonly binary: boolean;
  private receiver: TriggerReceiver | undefined;
  private readonly active = new Set<Promise<void>>();
  private batchLoop: Promise<void> = Promise.resolve();
  private reopenTimer: NodeJS.Timeout | undefined;
  private stopping = new AbortController();

  /** @throws HostError `TriggerInvalid`, `SettingMissing` */
  constructor(
    private readonly fn: RegisteredFunction,
    private readonly context: TriggerContext,
  ) {
    this.where = `The Service Bus function ${fn.name}`;
    if (fn.trigger['isSessionsEnabled'] === true) {
      throw new HostError(
        'TriggerInvalid',
        `${this.where} asks for sessions, which the local host does not have.`,
      );
    }
    entityOf(fn.trigger, context.settings, this.where);
    const host = context.config.host.extensions?.serviceBus;
    this.settings = {
      maxConcurrentCalls: host?.maxConcurrentCalls ?? DEFAULTS.maxConcurrentCalls,
      maxMessageBatchSize: host?.maxMessageBatchSize ?? DEFAULTS.maxMessageBatchSize,
      maxAutoLockRenewalMs: host?.maxAutoLockRenewalDuration ?? DEFAULTS.maxAutoLockRenewalMs,
      autoComplete: (fn.trigger['autoCompleteMessages'] ?? host?.autoCompleteMessages) !== false,
    };
    this.binary = fn.trigger['dataType'] === 'binary';
  }

  async start(): Promise<void> {
    this.open();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.reopenTimer);
    // The receiver settles what is being worked on, so it closes last.
    await this.batchLoop;
    await Promise.all(this.active);
    await this.receiver?.close();
  }

  private open(): void {
    if (this.stopping.signal.aborted) return;
    const { queueOrTopic, subscription } = entityOf(this.fn.trigger, this.context.settings, this.where);
    const many = this.fn.trigger['cardinality'] === 'many';
    const { clients } = this.context;
    const inside = clients.insideOf(this.fn.trigger, this.where);
    if (inside && !many) {
      const queue = subscription === undefined ? queueOrTopic : subscriptionName(queueOrTopic, subscription);
      const waitsForDisk = !this.context.inside.has(this.fn.name);
      const options = { ...this.settings, waitsForDisk };
      return this.subscribe(new InProcessReceiver(inside, queue, options));
    }
    const client = clients.of(this.fn.trigger, this.where);
    const options = {
      receiveMode: 'peekLock' as const,
      skipParsingBodyAsJson: true,
      maxAutoLockRenewalDurationInMs: this.settings.maxAutoLockRenewalMs,
    };
    const receiver =
      subscription === undefined
        ? client.createReceiver(queueOrTopic, options)
        : client.createReceiver(queueOrTopic, subscription, options);
    if (many) this.batchLoop = this.receiveBatches(receiver);
    else this.subscribe(receiver);
  }

  private subscribe(receiver: TriggerReceiver): void {
    this.receiver = receiver;
    const handlers: MessageHandlers = {
      processMessage: (message) => this.track(this.take(receiver, [message])),
      processError: async (args) => this.failed(receiver, args),
    };
    const subscription = receiver.subscribe(handlers, {
      autoCompleteMessages: false,
      maxConcurrentCalls: this.settings.maxConcurrentCalls,
    });
    this.stopping.signal.addEventListener('abort', () => void subscription.close());
  }

  private async receiveBatches(receiver: ServiceBusReceiver): Promise<void> {
    this.receiver = receiver;
    const { signal } = this.stopping;
    while (!signal.aborted && this.receiver === receiver) {
      try {
        const messages = await receiver.receiveMessages(this.settings.maxMessageBatchSize, {
          maxWaitTimeInMs: BATCH_WAIT_MS,
          abortSignal: signal,
        });
        if (messages.length > 0) await this.take(receiver, messages);
      } catch (error) {
        if (signal.aborted) return;
        this.context.log.warn({ function: this.fn.name }, `Receiving failed: ${messageOf(error)}`);
        this.reopen(receiver);
        return;
      }
    }
  }

  private take(receiver: TriggerReceiver, messages: ServiceBusReceivedMessage[]): Promise<void> {
    return this.context.worker.inBackground(() => this.handle(receiver, messages));
  }

  private async handle(receiver: TriggerReceiver, messages: ServiceBusReceivedMessage[]): Promise<void> {
    const [first] = messages;
    if (!first) return;
    const many = this.fn.trigger['cardinality'] === 'many';
    let succeeded = true;
    try {
      await runTriggered(this.context, this.fn, {
        data: many ? batchBody(messages, this.binary) : messageBody(first, this.binary),
        metadata: many ? batchMetadata(messages) : messageMetadata(first),
        reason: `(null)`,
      });
    } catch {
      // The worker has logged it; the broker counts the delivery.
      succeeded = false;
    }
    if (succeeded && !this.settings.autoComplete) return;
    await Promise.all(messages.map((message) => this.settle(receiver, message, succeeded)));
  }

  private async settle(
    receiver: TriggerReceiver,
    message: ServiceBusReceivedMessage,
    succeeded: boolean,
  ): Promise<void> {
    try {
      if (succeeded) await receiver.completeMessage(message);
      else await receiver.abandonMessage(message);
    } catch (error) {
      // Lock or connection lost: the broker delivers the message again.
      this.context.log.warn(
        { function: this.fn.name, messageId: message.messageId },
        `The message could not be ${succeeded ? 'completed' : 'abandoned'}: ${messageOf(error)}`,
      );
    }
  }

  /** The library reconnects by itself after passing faults; after others it has given up. */
  private failed(receiver: TriggerReceiver, args: ProcessErrorArgs): void {
    if (this.stopping.signal.aborted) return;
    this.context.log.warn({ function: this.fn.name }, `Receiving failed: ${messageOf(args.error)}`);
    const code = 'code' in args.error ? String(args.error.code) : '';
    const retryable = 'retryable' in args.error && args.error.retryable === true;
    if (args.errorSource !== 'processMessageCallback' && !retryable && code !== '') this.reopen(receiver);
  }

  private reopen(receiver: TriggerReceiver): void {
    if (this.receiver !== receiver || this.stopping.signal.aborted) return;
    this.receiver = undefined;
    void receiver.close().catch(() => {});
    this.reopenTimer = setTimeout(() => this.open(), REOPEN_AFTER_MS);
    this.reopenTimer.unref();
  }

  private track(work: Promise<void>): Promise<void> {
    this.active.add(work);
    return work.finally(() => this.active.delete(work));
  }
}
