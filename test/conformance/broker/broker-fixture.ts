import {
  ServiceBusClient,
  type ServiceBusClientOptions,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from '@azure/service-bus';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startBroker,
  type Broker,
  type BrokerOptions,
  type QueueOptions,
} from '../../../local/broker/broker';
import { openStore, type Store } from '../../../local/store/store';

export const ROOT_KEY = { name: 'RootManageSharedAccessKey', key: 'root-key-of-the-tests' };

/** A broker on a file of its own, the clients made for it, and the end of all of them. */
export class BrokerFixture {
  private readonly folder = mkdtempSync(join(tmpdir(), 'attendant-broker-'));
  private readonly clients: ServiceBusClient[] = [];
  private store: Store | undefined;
  private running: Broker | undefined;
  private queueCount = 0;

  get broker(): Broker {
    if (!this.running) throw new Error('The broker is not running.');
    return this.running;
  }

  /** Lets the file grow to this many pages at most, or without limit: a full disk. */
  limitPages(pages = 2 ** 30): void {
    this.store?.db.exec(`PRAGMA max_page_count=${pages}`);
  }

  async start(options: Partial<BrokerOptions> = {}): Promise<Broker> {
    this.store = openStore(join(this.folder, 'broker.db'));
    this.running = await startBroker({ store: this.store, rootKey: ROOT_KEY, ...options });
    return this.running;
  }

  async stopBroker(): Promise<void> {
    await this.running?.stop();
    await this.store?.close();
    this.running = undefined;
    this.store = undefined;
  }

  /** A queue of its own for one test. */
  async queue(options: QueueOptions = {}): Promise<string> {
    const name = `queue-${++this.queueCount}`;
    await this.broker.createQueue(name, options);
    return name;
  }

  client(
    connectionString = this.broker.connectionString(),
    options: ServiceBusClientOptions = {},
  ): ServiceBusClient {
    const client = new ServiceBusClient(connectionString, {
      retryOptions: { maxRetries: 0, timeoutInMs: 5_000, retryDelayInMs: 50 },
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.clients.splice(0).map((client) => client.close()));
  }

  async end(): Promise<void> {
    await this.closeClients();
    await this.stopBroker();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The next message of a queue. */
export async function one(receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 10_000 });
  if (!message) throw new Error('no message came');
  return message;
}
