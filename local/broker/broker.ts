import rhea, { type ConnectionOptions } from 'rhea';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { SystemClock, type Clock } from '../clock';
import type { Store } from '../store/store';
import { MAX_FRAME_BYTES, Peer } from './amqp/peer';
import { saslMechanisms } from './amqp/sasl';
import { Inside } from './inside';
import { MessageStore } from './message-store';
import { Namespace } from './namespace';
import type { QueueCounts, QueueOptions } from './queue-options';
import { subscriptionName } from './topic';

export type { QueueCounts, QueueOptions } from './queue-options';
export { signSas } from './sas';

export interface BrokerOptions {
  /** Queues and messages; a barrier of this store stands before every acceptance and settlement. */
  store: Store;
  /** Time to live, schedules and duplicate detection. Locks and tokens are always real time. */
  clock?: Clock;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free one. */
  port?: number;
  /** The namespace's rule with every right on every queue. */
  rootKey: { name: string; key: string };
  /** Largest message or batch. Default 262,144 bytes. */
  maxMessageBytes?: number;
  /** A connection that is silent for twice this long is closed. Default 120 s. */
  idleTimeoutMs?: number;
  log?: (message: string, detail: Record<string, unknown>) => void;
  /** PEM; AMQP is then spoken over TLS only. */
  tls?: { key: string | Buffer; cert: string | Buffer };
}

/** A running broker. */
export interface Broker {
  readonly port: number;
  /** For Service Bus clients (without `tls` in their emulator mode: plain TCP); with the root key unless a rule is given. */
  connectionString(rule?: { name: string; key: string }): string;
  /** The queues for code in this process. */
  readonly inside: Inside;
  /** Makes a queue, or gives an existing one these options and rules in place of its own. */
  createQueue(name: string, options?: QueueOptions): Promise<void>;
  /** Makes a subscription of a topic, which is there from its first one on; both behave as queues do. */
  createSubscription(topic: string, name: string, options?: QueueOptions): Promise<void>;
  /** Removes a queue with its messages and closes its links. */
  deleteQueue(name: string): Promise<void>;
  /** Names, in order of creation. */
  queues(): string[];
  /** @throws RangeError for an unknown queue. */
  counts(name: string): QueueCounts;
  /** True when no connected receiver holds a message. */
  idle(): boolean;
  /** Open connections. */
  connections(): number;
  stop(): Promise<void>;
}

/** How long connections may take to close when the broker stops. */
const STOP_MS = 500;

/** Options of rhea, among them some that its typings do not know. */
const connectionDefaults = {
  container_id: 'attendant-broker',
  max_frame_size: MAX_FRAME_BYTES,
  channel_max: 4_999,
  // Deliveries that a session may hold unsettled, out and in.
  session_buffer_size: { outgoing: 8_192, incoming: 2_048 },
  sender_options: { treat_modified_as_released: false },
  receiver_options: { credit_window: 500, autoaccept: false },
} as unknown as ConnectionOptions;

/** Starts a Service Bus stand-in on the store; its queues and messages are those of the last run. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { store, clock = new SystemClock(), host = '127.0.0.1', port = 0, rootKey, tls } = options;
  const { maxMessageBytes = 262_144, idleTimeoutMs = 120_000, log = () => undefined } = options;
  const messages = new MessageStore(store);
  const namespace = new Namespace({ messages, clock, lockClock: new SystemClock(), rootKey, log });
  const container = rhea.create_container({ id: 'attendant-broker' });
  container.sasl_server_mechanisms = saslMechanisms((name, key) => namespace.knowsKey(name, key));
  container.on('error', (cause: unknown) => log('AMQP error.', { cause: String(cause) }));
  const peers = new Map<Socket, Peer>();

  const accept = (socket: Socket): void => {
    socket.setNoDelay(true);
    const connection = container.create_connection({ ...connectionDefaults, idle_time_out: idleTimeoutMs });
    peers.set(socket, new Peer(connection, socket, { namespace, maxMessageBytes, log }));
    socket.on('close', () => peers.delete(socket));
  };
  const server = tls ? createTlsServer(tls, accept) : createServer(accept);
  server.on('tlsClientError', (cause) => log('TLS handshake failed.', { cause: String(cause) }));
  const boundPort = await listen(server, host, port);
  const endpoint = `sb://${host}:${boundPort}`;
  const inside = new Inside({ namespace, endpoint, maxMessageBytes });
  const recheck = (): void => {
    inside.recheck();
    for (const peer of peers.values()) peer.recheck();
  };

  const createQueue = async (name: string, queueOptions: QueueOptions = {}): Promise<void> => {
    await namespace.create(name, queueOptions);
    recheck();
  };

  return {
    port: boundPort,
    connectionString: ({ name, key } = rootKey) => {
      const plain = tls ? '' : ';UseDevelopmentEmulator=true';
      return `Endpoint=${endpoint};SharedAccessKeyName=${name};SharedAccessKey=${key}${plain}`;
    },
    inside,
    createQueue,
    createSubscription: (topic, name, queueOptions) =>
      createQueue(subscriptionName(topic, name), queueOptions),
    deleteQueue: async (name) => {
      await namespace.delete(name);
      recheck();
    },
    queues: () => namespace.all().map((queue) => queue.name),
    counts: (name) => {
      const queue = namespace.find(name);
      if (!queue) throw new RangeError(`There is no queue '${name}'.`);
      return queue.counts();
    },
    idle: () => namespace.all().every((queue) => !queue.main.isBusy() && !queue.dead.isBusy()),
    connections: () => peers.size,
    stop: async () => {
      // What has arrived is still answered.
      await store.durable();
      await new Promise((resolve) => setImmediate(resolve));
      for (const peer of peers.values()) peer.close();
      const kill = setTimeout(() => {
        for (const socket of peers.keys()) socket.destroy();
      }, STOP_MS);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(kill);
      for (const queue of namespace.all()) queue.stop();
      await store.durable();
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
