import { TableClient } from '@azure/data-tables';
import { ServiceBusClient, type ServiceBusReceivedMessage, type ServiceBusSender } from '@azure/service-bus';
import type { Fate, Instance, Ledger } from './ledger';
import type { Random } from './random';
import type { Addresses } from './victim';

const WORKERS = 8;
const MOST_OPEN = 40;
const EVENTS_BEFORE_END = 3;
const ANSWER_WITHIN_MS = 10_000;

export interface LoadOptions {
  ledger: Ledger;
  random: Random;
  addresses: Addresses;
  /** Told at every accepted answer. */
  answered: () => void;
}

/** People, senders and receivers of one life of the host: asks, and notes in the ledger what was answered. */
export class Load {
  private stopped = false;
  private number = 0;
  private readonly bus: ServiceBusClient;
  private readonly inbox: ServiceBusSender;
  private readonly table: TableClient;
  private readonly round: string;

  constructor(
    private readonly options: LoadOptions,
    round: number,
  ) {
    const { addresses } = options;
    this.round = String(round);
    this.bus = new ServiceBusClient(addresses.bus, { retryOptions: { maxRetries: 0, timeoutInMs: 5_000 } });
    this.inbox = this.bus.createSender('inbox');
    this.table = TableClient.fromConnectionString(addresses.tables, 'asked', {
      allowInsecureConnection: true,
      retryOptions: { maxRetries: 0 },
    });
  }

  /** Works until `stop`; what the host's end interrupts stays uncertain. */
  async run(): Promise<void> {
    this.listen();
    await Promise.all(Array.from({ length: WORKERS }, () => this.work()));
  }

  stop(): void {
    this.stopped = true;
  }

  /** Lets go of the connections. */
  async close(): Promise<void> {
    this.stop();
    await Promise.race([
      this.bus.close().catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, 1_000)),
    ]);
  }

  /** Receives what the app sends. */
  listen(): void {
    const { ledger } = this.options;
    const receiver = this.bus.createReceiver('outbox', { receiveMode: 'peekLock' });
    receiver.subscribe(
      {
        processMessage: async (message: ServiceBusReceivedMessage) => {
          const number = String(message.sequenceNumber);
          if (ledger.completed.has(number)) ledger.violated(`message ${number} came after its completion`);
          ledger.heard.add((message.body as { instance: string }).instance);
          await receiver.completeMessage(message);
          ledger.completed.add(number);
        },
        // The host was killed; the next life has a receiver of its own.
        processError: async () => undefined,
      },
      { autoCompleteMessages: false, maxConcurrentCalls: 8 },
    );
  }

  /** Tells an instance to end once it has seen every accepted message. */
  async end(instance: Instance): Promise<boolean> {
    instance.ending = true;
    const accepted = [...instance.posted].filter(([, fate]) => fate === 'accepted').map(([uid]) => uid);
    return this.raise(instance.id, { end: accepted });
  }

  private async work(): Promise<void> {
    while (!this.stopped) {
      try {
        if (await this.act()) {
          this.options.ledger.answered++;
          this.options.answered();
        }
      } catch {
        this.options.ledger.unanswered++;
        // The host is gone or going.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  /** @returns whether it was accepted. @throws when no answer came */
  private async act(): Promise<boolean> {
    const { random, ledger } = this.options;
    const dice = random.next();
    const open = ledger.open();
    if (open.length < 3 || (dice < 0.2 && open.length < MOST_OPEN)) return this.start();
    if (dice < 0.3) return this.row();
    if (dice < 0.35) return this.signal();
    const instance = random.pick(open);
    if (!instance) return false;
    const size = instance.events.size + instance.posted.size;
    if (size >= EVENTS_BEFORE_END && instance.busy === 0 && dice > 0.85) return this.end(instance);
    instance.busy++;
    try {
      return await (dice < 0.75 ? this.event(instance) : this.post(instance));
    } finally {
      instance.busy--;
    }
  }

  private async start(): Promise<boolean> {
    const { random, ledger, addresses } = this.options;
    const id = this.uid('i');
    const name = random.next() < 0.8 ? 'work' : 'loop';
    const instance: Instance = {
      id,
      name,
      fate: 'uncertain',
      events: new Map(),
      posted: new Map(),
      ending: name === 'loop',
      ended: false,
      busy: 0,
    };
    ledger.instances.set(id, instance);
    const path =
      random.next() < 0.5
        ? `/api/start/${name}/${id}`
        : `/runtime/webhooks/durabletask/orchestrators/${name}/${id}`;
    await this.request(new URL(path, addresses.url), { loop: 0 });
    instance.fate = 'accepted';
    return true;
  }

  private event(instance: Instance): Promise<boolean> {
    const uid = this.uid('e');
    return this.settle(instance.events, uid, () => this.raise(instance.id, { uid }));
  }

  private post(instance: Instance): Promise<boolean> {
    const uid = this.uid('p');
    return this.settle(instance.posted, uid, async () => {
      await this.inbox.sendMessages({ body: { instance: instance.id, uid }, messageId: uid });
      return true;
    });
  }

  private row(): Promise<boolean> {
    const rowKey = this.uid('r');
    return this.settle(this.options.ledger.rows, rowKey, async () => {
      await this.table.createEntity({ partitionKey: this.round, rowKey, text: rowKey });
      return true;
    });
  }

  private signal(): Promise<boolean> {
    const { ledger, addresses } = this.options;
    const url = new URL('/runtime/webhooks/durabletask/entities/counter/asked?op=add', addresses.url);
    return this.settle(ledger.signals, this.uid('s'), () => this.request(url, 1));
  }

  private raise(id: string, event: object): Promise<boolean> {
    const path = `/runtime/webhooks/durabletask/instances/${id}/raiseEvent/go`;
    return this.request(new URL(path, this.options.addresses.url), event);
  }

  private async settle(fates: Map<string, Fate>, uid: string, act: () => Promise<boolean>): Promise<boolean> {
    fates.set(uid, 'uncertain');
    const accepted = await act();
    if (accepted) fates.set(uid, 'accepted');
    return accepted;
  }

  private async request(url: URL, body: unknown): Promise<boolean> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await response.text();
    if (response.ok) return true;
    // An end that was not answered may have ended the instance.
    if (response.status === 410) return false;
    this.options.ledger.violated(`${url.pathname} answered ${response.status}: ${text.slice(0, 300)}`);
    return false;
  }

  private uid(kind: string): string {
    return `${kind}${this.round}x${this.number++}`;
  }
}
