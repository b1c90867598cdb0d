import { ServiceBusClient } from '@azure/service-bus';
import { type Broker, startBroker } from '../../../local/broker/broker';
import type { LocalHost } from '../../../local/host/host';
import { openStore, type Store } from '../../../local/store/store';
import { closeHosts, listeningLogger, startHost } from '../../local/host/support/hosts';
import { until } from '../../local/host/support/until';

const rootKey = { name: 'root', key: 'c2VjcmV0' };
const SEEN = `const seen = []; app.http('seen', { authLevel: 'anonymous', handler: () => ({ jsonBody: seen }) });\n`;

let store: Store;
let broker: Broker;
let client: ServiceBusClient;
/** Whether the host reaches the broker in its own process. */
let inProcess = false;

beforeEach(async () => {
  store = openStore(':memory:');
  broker = await startBroker({ store, rootKey });
  await broker.createQueue('in', { maxDeliveryCount: 3 });
  await broker.createQueue('out');
  await broker.createSubscription('news', 'readers');
  client = new ServiceBusClient(broker.connectionString());
});

afterEach(async () => {
  await closeHosts();
  await client.close();
  await broker.stop();
  await store.close();
});

function start(
  code: string,
  extra: { host?: object; log?: ReturnType<typeof listeningLogger>['log'] } = {},
): Promise<LocalHost> {
  return startHost(
    { code: SEEN + code, ...(extra.host && { host: extra.host }) },
    {
      settings: { Bus: broker.connectionString(), QUEUE: 'in' },
      ...(extra.log && { log: extra.log }),
      ...(inProcess && { store, inProcess: new Map(), serviceBus: broker.inside }),
    },
  );
}

async function seen(host: LocalHost, count: number): Promise<unknown[]> {
  return until(async () => {
    const list = (await (await fetch(`${host.url}/api/seen`)).json()) as unknown[];
    return list.length >= count ? list : undefined;
  });
}

describe.each([
  ['with the real client against the broker', false],
  ['in the process of the broker', true],
])('the Service Bus trigger %s', (_where, inside) => {
  beforeAll(() => {
    inProcess = inside;
  });

  test('a subscription of a topic', async () => {
    const host = await start(`
      app.serviceBusTopic('listen', {
        connection: 'Bus', topicName: 'news', subscriptionName: 'readers', handler: (body) => { seen.push(body); },
      });
    `);
    await client.createSender('news').sendMessages([{ body: { n: 1 } }, { body: { n: 2 } }]);
    expect(await seen(host, 2)).toEqual([{ n: 1 }, { n: 2 }]);
    await until(() => broker.counts('news/Subscriptions/readers').locked === 0);
    expect(broker.counts('news/Subscriptions/readers')).toMatchObject({
      active: 0,
      locked: 0,
      deadLetter: 0,
    });
  });

  test('gives bodies and metadata as the real host does, and completes what succeeded', async () => {
    const host = await start(`app.serviceBusQueue('take', { connection: 'Bus', queueName: '%QUEUE%',
      handler: (body, c) => { seen.push({ body, meta: c.triggerMetadata }); } });`);
    await client.createSender('in').sendMessages([
      {
        body: { n: 1 },
        messageId: 'm-1',
        correlationId: 'c',
        applicationProperties: { a: 1 },
        contentType: 'application/json',
      },
    ]);
    const [first] = await seen(host, 1);
    expect(first).toMatchObject({
      body: { n: 1 },
      meta: {
        messageId: 'm-1',
        correlationId: 'c',
        contentType: 'application/json',
        deliveryCount: 1,
        sequenceNumber: 1,
        applicationProperties: { a: 1 },
        userProperties: { a: 1 },
        lockToken: expect.stringMatching(/^[\da-f-]{36}$/),
        enqueuedTimeUtc: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    });
    await until(() => broker.counts('in').active === 0 && broker.idle());
  });

  test('plain text, binary bodies', async () => {
    const host =
      await start(`app.serviceBusQueue('take', { connection: 'Bus', queueName: 'in', handler: (b) => { seen.push(b); } });
      app.serviceBusQueue('bytes', { connection: 'Bus', queueName: 'out', dataType: 'binary', trigger: { type: 'serviceBusTrigger', name: 'b', connection: 'Bus', queueName: 'out', dataType: 'binary' },
        handler: (b) => { seen.push(Buffer.isBuffer(b) ? b.toString('hex') : 'not bytes'); } });`);
    await client.createSender('in').sendMessages({ body: Buffer.from('hello, not JSON') });
    await seen(host, 1);
    await client.createSender('out').sendMessages({ body: Buffer.from([1, 255]) });
    expect(await seen(host, 2)).toEqual(['hello, not JSON', '01ff']);
  });

  test('a function that fails gets the message again, until it is dead-lettered', async () => {
    const host = await start(`app.serviceBusQueue('take', { connection: 'Bus', queueName: 'in',
      handler: (b, c) => { seen.push(c.triggerMetadata.deliveryCount); throw new Error('not yet'); } });`);
    await client.createSender('in').sendMessages({ body: 'x' });
    expect(await seen(host, 3)).toEqual([1, 2, 3]);
    const dead = client.createReceiver('in', { subQueueType: 'deadLetter' });
    const [message] = await dead.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
    expect(message?.deadLetterReason).toBe('MaxDeliveryCountExceeded');
  });

  test('never more than maxConcurrentCalls at once', async () => {
    const host = await start(
      `let now = 0, most = 0; app.serviceBusQueue('take', { connection: 'Bus', queueName: 'in',
        handler: async () => { most = Math.max(most, ++now); await new Promise((r) => setTimeout(r, 20)); now--; seen.push(most); } });`,
      { host: { extensions: { serviceBus: { maxConcurrentCalls: 2 } } } },
    );
    await client.createSender('in').sendMessages(Array.from({ length: 8 }, () => ({ body: 'x' })));
    expect(Math.max(...((await seen(host, 8)) as number[]))).toBe(2);
  });

  test('batches with cardinality many', async () => {
    await client.createSender('in').sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
    const host =
      await start(`app.serviceBusQueue('take', { connection: 'Bus', queueName: 'in', cardinality: 'many',
      handler: (list, c) => { seen.push(...list.map((b, i) => [b, c.triggerMetadata.deliveryCountArray[i]])); } });`);
    expect(await seen(host, 3)).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    await until(() => broker.counts('in').active === 0 && broker.idle());
  });

  test('outputs: one message per array element, objects as JSON', async () => {
    const host =
      await start(`const out = require('@azure/functions').output.serviceBusQueue({ queueName: 'out', connection: 'Bus' });
      app.http('put', { authLevel: 'anonymous', extraOutputs: [out], handler: async (r, c) => { c.extraOutputs.set(out, await r.json()); return { status: 202 }; } });
      app.serviceBusQueue('take', { connection: 'Bus', queueName: 'out', handler: (b) => { seen.push(b); } });`);
    const put = (body: unknown): Promise<Response> =>
      fetch(`${host.url}/api/put`, { method: 'POST', body: JSON.stringify(body) });
    expect((await put([{ a: 1 }, 'two'])).status).toBe(202);
    expect(new Set((await seen(host, 2)).map((each) => JSON.stringify(each)))).toEqual(
      new Set(['{"a":1}', '"two"']),
    );
  });

  test('outputs of an activity are sent before it counts as done; one that cannot be sent fails it', async () => {
    const host =
      await start(`const { output } = require('@azure/functions'); const out = output.serviceBusQueue({ queueName: 'out', connection: 'Bus' });
      df.app.activity('tell', { extraOutputs: [out], handler: (text, c) => { c.extraOutputs.set(out, text); return 'told'; } });
      df.app.orchestration('tells', function* (c) { return yield c.df.callActivity('tell', c.df.getInput()); });`);
    await host.engine.start({ name: 'tells', instanceId: 'small', input: '"hello"' });
    await host.runUntilIdle();
    expect((await host.engine.get('small'))?.output).toBe('"told"');
    const [message] = await client.createReceiver('out').receiveMessages(1);
    expect(String(message?.body)).toBe('hello');

    const input = JSON.stringify('x'.repeat(300_000));
    await host.engine.start({ name: 'tells', instanceId: 'big', input });
    await host.runUntilIdle();
    expect(await host.engine.get('big')).toMatchObject({
      runtimeStatus: 'Failed',
      output: expect.stringContaining("Activity function 'tell' failed:  Messages were too big"),
    });
  });

  test('waits for a queue that is not there yet', async () => {
    await broker.deleteQueue('in');
    const { lines, log } = listeningLogger();
    const host = await start(
      `app.serviceBusQueue('take', { connection: 'Bus', queueName: 'in', handler: (b) => { seen.push(b); } });`,
      { log },
    );
    await until(() => lines.some((line) => line.startsWith('warn Receiving failed')));
    await broker.createQueue('in');
    await client.createSender('in').sendMessages({ body: 'late' });
    expect(await seen(host, 1)).toEqual(['late']);
  });

  test('stopping the host lets the message in hand finish and takes no other', async () => {
    const host = await start(
      `app.serviceBusQueue('take', { connection: 'Bus', queueName: 'in',
        handler: async (b) => { seen.push(b); await new Promise((r) => setTimeout(r, 200)); } });`,
      { host: { extensions: { serviceBus: { maxConcurrentCalls: 1 } } } },
    );
    await client.createSender('in').sendMessages([{ body: 'a' }, { body: 'b' }]);
    await seen(host, 1);
    await host.stop();
    expect(broker.counts('in').active).toBe(1);
    expect(broker.counts('in').deadLetter).toBe(0);
  });
});

test('the Service Bus trigger over AMQP goes on after the broker was restarted', async () => {
  inProcess = false;
  const host = await start(
    `app.serviceBusQueue('take', { connection: 'Bus', queueName: 'in', handler: (b) => { seen.push(b); } });`,
  );
  await client.createSender('in').sendMessages({ body: 'before' });
  await seen(host, 1);
  const { port } = broker;
  await broker.stop();
  broker = await startBroker({ store, rootKey, port });
  await client.close();
  client = new ServiceBusClient(broker.connectionString());
  await client.createSender('in').sendMessages({ body: 'after' });
  expect(await seen(host, 2)).toEqual(['before', 'after']);
});

describe('in the process of the broker', () => {
  beforeEach(async () => {
    inProcess = true;
    await broker.createQueue('brief', { lockDurationMs: 50, maxDeliveryCount: 10 });
  });
  const SLOW = `app.serviceBusQueue('take', { connection: 'Bus', queueName: 'brief',
    handler: async (b, c) => { seen.push(c.triggerMetadata.deliveryCount); await new Promise((r) => setTimeout(r, 200)); } });`;

  test('a lock is renewed while its function runs', async () => {
    const host = await start(SLOW);
    await client.createSender('brief').sendMessages({ body: 'x' });
    await until(() => broker.counts('brief').locked === 1);
    await until(() => broker.counts('brief').locked === 0);
    expect(broker.counts('brief').active).toBe(0);
    expect(await seen(host, 1)).toEqual([1]);
  });

  test('… for as long as host.json allows; then the message comes again', async () => {
    const host = await start(SLOW, {
      host: { extensions: { serviceBus: { maxAutoLockRenewalDuration: '00:00:00' } } },
    });
    await client.createSender('brief').sendMessages({ body: 'x' });
    expect((await seen(host, 2)).slice(0, 2)).toEqual([1, 2]);
  });

  test('a trigger waits for its queue when that is deleted and made again', async () => {
    const host = await start(
      `app.serviceBusQueue('take', { connection: 'Bus', queueName: 'in', handler: (b) => { seen.push(b); } });`,
    );
    await client.createSender('in').sendMessages({ body: 'before' });
    await seen(host, 1);
    await broker.deleteQueue('in');
    await broker.createQueue('in');
    await client.createSender('in').sendMessages({ body: 'after' });
    expect(await seen(host, 2)).toEqual(['before', 'after']);
  });
});
