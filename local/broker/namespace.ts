import type { Clock } from '../clock';
import type { KeyDirectory } from './claims';
import type { MessageStore } from './message-store';
import { Queue, type QueueContext } from './queue';
import type { QueueOptions } from './queue-options';
import { Topic, topicOf, type Target } from './topic';
import { entityPath, type AccessRule, type Right } from './sas';

const ALL_RIGHTS: Right[] = ['Listen', 'Send', 'Manage'];

/** An address taken apart: `name`, `name/$DeadLetterQueue`, either followed by `/$management`. */
export interface EntityAddress {
  /** Lower case. */
  path: string;
  queue: string;
  dead: boolean;
  management: boolean;
}

/** All queues of a broker, by name without regard to case, and the keys that open them. */
export class Namespace implements KeyDirectory {
  private readonly queues = new Map<string, Queue>();
  private readonly topics = new Map<string, Topic>();
  private readonly context: QueueContext;
  private readonly root: AccessRule;

  constructor(options: {
    messages: MessageStore;
    clock: Clock;
    lockClock: Clock;
    rootKey: { name: string; key: string };
    log: QueueContext['log'];
  }) {
    this.context = options;
    this.root = { ...options.rootKey, rights: ALL_RIGHTS };
    for (const row of options.messages.queues()) {
      const queue = new Queue(this.context, row.id, row.name, row.options, row.nextSeq);
      this.queues.set(row.name.toLowerCase(), queue);
    }
    options.messages.store.onRollback(() => {
      for (const queue of this.queues.values()) queue.reload();
    });
  }

  /** Makes a queue, or gives an existing one new options. */
  async create(name: string, options: QueueOptions): Promise<void> {
    if (!/^[A-Za-z0-9](?:[\w./~-]{0,258}[A-Za-z0-9])?$/.test(name)) {
      throw new RangeError(
        `'${name}' is no queue name: use up to 260 letters, digits, and . - _ / ~ between them.`,
      );
    }
    const id = this.context.messages.saveQueue(name, options);
    const existing = this.find(name);
    if (existing) existing.configure(options);
    else this.queues.set(name.toLowerCase(), new Queue(this.context, id, name, options, 1));
    await this.context.messages.store.durable();
  }

  /** Removes a queue with its messages; unknown names are ignored. */
  async delete(name: string): Promise<void> {
    const queue = this.find(name);
    if (!queue) return;
    this.context.messages.deleteQueue(queue.id);
    this.queues.delete(name.toLowerCase());
    queue.stop();
    await this.context.messages.store.durable();
  }

  find(name: string): Queue | undefined {
    return this.queues.get(name.toLowerCase());
  }

  /** The queue or topic of this name. The same object for as long as it is there. */
  target(name: string): Target | undefined {
    const topic = name.toLowerCase();
    const queue = this.find(topic);
    if (queue) return queue;
    const subscriptions = (): Queue[] => this.all().filter((each) => topicOf(each.name) === topic);
    if (subscriptions().length === 0) return undefined;
    const known = this.topics.get(topic) ?? new Topic(subscriptions);
    this.topics.set(topic, known);
    return known;
  }

  all(): Queue[] {
    return [...this.queues.values()];
  }

  rulesNamed(path: string, keyName: string): AccessRule[] {
    const own = this.find(parseAddress(path).queue)?.options.rules ?? [];
    return [this.root, ...own].filter((rule) => rule.name === keyName);
  }

  /** True when some rule has this name and key (SASL PLAIN). */
  knowsKey(name: string, key: string): boolean {
    const rules = [this.root, ...this.all().flatMap((queue) => queue.options.rules ?? [])];
    return rules.some((rule) => rule.name === name && rule.key === key);
  }
}

/** Takes an address or audience apart. */
export function parseAddress(address: string): EntityAddress {
  const path = entityPath(address);
  const management = path.endsWith('/$management') || path === '$management';
  const entity = path.replace(/\/?\$management$/, '');
  const dead = entity.endsWith('/$deadletterqueue');
  return { path, queue: entity.replace(/\/\$deadletterqueue$/, ''), dead, management };
}
