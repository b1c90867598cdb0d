import type { IncomingMessage } from './amqp/message-codec';
import type { Queue } from './queue';

/** What messages can be sent to. */
export interface Target {
  /** Resolves when the messages are on disk. */
  send(messages: IncomingMessage[]): Promise<unknown>;
  /** For a sender in this process, who need not wait for the disk. */
  post(messages: IncomingMessage[]): unknown;
}

/** Each subscription of a topic is a queue of this name. */
export function subscriptionName(topic: string, subscription: string): string {
  return `${topic}/Subscriptions/${subscription}`;
}

/** The topic that a queue is a subscription of. Lower case. */
export function topicOf(queue: string): string | undefined {
  return /^(.+)\/subscriptions\/[^/]+$/.exec(queue.toLowerCase())?.[1];
}

/** Gives every message to each of its subscriptions, all or none of them; it is there as long as it has one. */
export class Topic implements Target {
  constructor(private readonly subscriptions: () => Queue[]) {}

  async send(messages: IncomingMessage[]): Promise<void> {
    await Promise.all(this.subscriptions().map((queue) => queue.send(messages)));
  }

  post(messages: IncomingMessage[]): void {
    for (const queue of this.subscriptions()) queue.post(messages);
  }
}
