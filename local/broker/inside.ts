import { AmqpError, errors } from './amqp/amqp-error';
import type { DeliveryFacts } from './amqp/message-codec';
import { incomingFrom, receivedFrom, type PlainMessage, type ReceivedMessage } from './amqp/plain-message';
import type { Consumer } from './lane';
import type { Namespace } from './namespace';
import type { Queue } from './queue';

export type { PlainMessage, ReceivedMessage } from './amqp/plain-message';

export interface ReceiverOptions {
  /** Messages that it holds at once, at most. */
  most: number;
  /** Whether messages wait for the disk before they come. */
  waitsForDisk: boolean;
  /** For how long a lock is renewed by itself (ms). */
  renewsForMs: number;
  onMessage: (message: ReceivedMessage) => void;
  /** The queue has been removed; nothing more comes. */
  onGone: (cause: Error) => void;
}

/** The queues for code in the broker's own process: the same rules, without AMQP and without tokens. */
export class Inside {
  private readonly receivers = new Set<InsideReceiver>();

  constructor(
    private readonly options: {
      namespace: Namespace;
      /** `sb://host:port`, as in connection strings. */
      endpoint: string;
      maxMessageBytes: number;
    },
  ) {}

  get endpoint(): string {
    return this.options.endpoint;
  }

  /** Stores a message; it is on disk before it leaves the process. @throws AmqpError when there is no such queue or the message is too large */
  send(queue: string, message: PlainMessage): void {
    const { maxMessageBytes } = this.options;
    const { incoming, bytes } = incomingFrom(message);
    if (bytes > maxMessageBytes) throw new AmqpError(errors.tooLarge(bytes, maxMessageBytes));
    const target = this.options.namespace.target(queue);
    if (!target) throw new AmqpError(errors.notFound(queue));
    target.post([incoming]);
  }

  /** A receiver in peek-lock, to be started. @throws AmqpError when there is no such queue */
  receiver(queue: string, options: ReceiverOptions): InsideReceiver {
    const receiver = new InsideReceiver(this.find(queue), options, () => this.receivers.delete(receiver));
    this.receivers.add(receiver);
    return receiver;
  }

  /** Ends receivers whose queue is gone. */
  recheck(): void {
    for (const receiver of this.receivers) {
      const { name } = receiver.queue;
      if (this.options.namespace.find(name) === receiver.queue) continue;
      receiver.close();
      receiver.options.onGone(new AmqpError(errors.notFound(name)));
    }
  }

  private find(name: string): Queue {
    const queue = this.options.namespace.find(name);
    if (!queue) throw new AmqpError(errors.notFound(name));
    return queue;
  }
}

/** Receives from one queue in peek-lock. */
export class InsideReceiver implements Consumer {
  readonly receiveAndDelete = false;
  private reserved = 0;
  /** Lock tokens of what it works on, with the instant when their renewal ends (real time, as of all locks). */
  private readonly working = new Map<string, number>();
  private open = true;

  constructor(
    readonly queue: Queue,
    readonly options: ReceiverOptions,
    private readonly onClose: () => void,
  ) {}

  get waitsForDisk(): boolean {
    return this.options.waitsForDisk;
  }

  start(): void {
    this.queue.main.feed(this);
  }

  isOpen(): boolean {
    return this.open;
  }

  room(): number {
    return this.open ? this.options.most - this.reserved - this.working.size : 0;
  }

  reserve(): void {
    this.reserved++;
  }

  release(): void {
    this.reserved--;
  }

  worksOn(token: string): boolean {
    return (this.working.get(token) ?? 0) > Date.now();
  }

  deliver(facts: DeliveryFacts, token: string | undefined): void {
    this.reserved--;
    if (token === undefined) return;
    if (!this.open) return this.giveBack(token);
    this.working.set(token, Date.now() + this.options.renewsForMs);
    this.options.onMessage(receivedFrom(facts, token));
  }

  /** Ends the lock: away with the message, or back to the queue. On disk with the next barrier. @throws LockLostError */
  settle(lockToken: string, kind: 'complete' | 'abandon'): void {
    this.queue.conclude(false, lockToken, { kind, properties: new Map() });
  }

  /** Called when the work on a message has ended, settled or not. */
  done(lockToken: string): void {
    this.working.delete(lockToken);
    if (this.open) this.queue.main.feed(this);
  }

  /** Takes nothing more; what it holds may still be settled. */
  close(): void {
    this.open = false;
    this.queue.main.leave(this);
    this.onClose();
  }

  /** It was closed while the message was on its way. */
  private giveBack(lockToken: string): void {
    this.queue.conclude(false, lockToken, { kind: 'abandon', uncounted: true, properties: new Map() });
  }
}
