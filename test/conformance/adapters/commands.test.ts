import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import type { Ports } from '../../../adapters/ports';
import { createPorts } from '../../../adapters/ports-factory';
import type { AgentCommand } from '../../../contracts/agent-protocol';
import { startBroker, type Broker } from '../../../local/broker/broker';
import { offerServices } from '../../../local/host/in-process';
import { restOrigin, sendRequests } from '../../../local/host/service-bus-inside';
import { startQueueAdmin, type QueueAdmin } from '../../../local/launcher/queue-admin';
import { openStore, type Store } from '../../../local/store/store';

const [ONE, TWO] = [`m-${'0'.repeat(25)}1`, `m-${'0'.repeat(25)}2`] as const;
const NOBODY = `m-${'0'.repeat(25)}3`;
const LATER = Date.now() + 3_600_000;

const offer = (machine: string, n = 1): AgentCommand => ({
  v: 1,
  kind: 'offer',
  run: '01KEZF7C00000000000000000A-1',
  machine,
  fence: { epoch: 1, n },
  userKey: 'u',
  runner: 'node',
});

describe.each([
  ['over AMQP', false],
  ['from the process of the broker', true],
])('commands and machine queues of the local broker, %s', (_where, inProcess) => {
  let folder: string;
  let store: Store;
  let broker: Broker;
  let admin: QueueAdmin;
  let ports: Ports;
  let takeBack: (() => void) | undefined;
  const clients: ServiceBusClient[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'attendant-commands-'));
    store = openStore(join(folder, 'store.db'));
    const key = 'cm9vdA==';
    broker = await startBroker({ store, rootKey: { name: 'RootManageSharedAccessKey', key } });
    await broker.createQueue('agent-events');
    admin = await startQueueAdmin(broker, key);
    if (inProcess) {
      const service = sendRequests(broker.inside);
      takeBack = offerServices(process, new Map([[restOrigin(broker.inside), service]]));
    }
    ports = createPorts({
      ServiceBusConnection: broker.connectionString(),
      ATTENDANT_MACHINE_QUEUES_URL: admin.url,
      ATTENDANT_MACHINE_QUEUES_KEY: key,
    });
    await ports.machineQueues.ensure(ONE);
    await ports.machineQueues.ensure(TWO);
  });

  afterAll(async () => {
    takeBack?.();
    await Promise.all(clients.map((client) => client.close()));
    await admin.stop();
    await broker.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  /** A client with what an agent is given, which gives up at the first refusal. */
  function agent(connectionString: string): ServiceBusClient {
    const client = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0 } });
    clients.push(client);
    return client;
  }

  it('a machine receives its own commands, each sending once', async () => {
    await ports.commands.send(offer(ONE), { ttlMs: 60_000 });
    await ports.commands.send(offer(ONE));
    await ports.commands.send(offer(ONE), { attempt: 1 });
    await ports.commands.send(offer(TWO));
    const { commands } = await ports.machineQueues.access(ONE, LATER);
    const receiver = agent(commands).createReceiver(await ports.machineQueues.queueName(ONE));
    const received = await receiver.receiveMessages(3, { maxWaitTimeInMs: 300 });
    expect(received.map(({ body }) => body as unknown)).toEqual([offer(ONE), offer(ONE)]);
    expect(received[0]).toMatchObject({ subject: 'offer', timeToLive: 60_000 });
    expect(received.map(({ messageId }) => messageId)).toEqual([
      `01KEZF7C00000000000000000A-1:${ONE}:1.1:offer`,
      `01KEZF7C00000000000000000A-1:${ONE}:1.1:offer:1`,
    ]);
  });

  it('its access opens neither the queue of another machine nor sending to one, and sends events', async () => {
    const { commands, events } = await ports.machineQueues.access(ONE, LATER);
    const listening = agent(commands);
    await expect(
      listening.createReceiver(TWO).receiveMessages(1, { maxWaitTimeInMs: 300 }),
    ).rejects.toMatchObject({ code: 'UnauthorizedAccess' });
    await expect(listening.createSender(ONE).sendMessages({ body: 1 })).rejects.toMatchObject({
      code: 'UnauthorizedAccess',
    });
    const sending = agent(events);
    await sending.createSender('agent-events').sendMessages({ body: 1 });
    await expect(
      sending.createReceiver('agent-events').receiveMessages(1, { maxWaitTimeInMs: 300 }),
    ).rejects.toMatchObject({ code: 'UnauthorizedAccess' });
    expect(broker.counts('agent-events').active).toBe(1);
  });

  it('a command to a queue that is not there fails, naming it', async () => {
    await expect(ports.commands.send(offer(NOBODY))).rejects.toThrow(NOBODY);
  });

  it('an expired access opens nothing; a removed queue is gone', async () => {
    const { commands } = await ports.machineQueues.access(ONE, Date.now() - 1_000);
    await expect(
      agent(commands).createReceiver(ONE).receiveMessages(1, { maxWaitTimeInMs: 300 }),
    ).rejects.toMatchObject({ code: 'UnauthorizedAccess' });
    await ports.machineQueues.remove(TWO);
    await ports.machineQueues.remove(TWO);
    expect(broker.queues()).toEqual(['agent-events', ONE]);
  });
});
