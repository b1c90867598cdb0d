import type { ServiceBusError } from '@azure/service-bus';
import { signSas } from '../../../local/broker/broker';
import { BrokerFixture, one, ROOT_KEY } from './broker-fixture';

const fixture = new BrokerFixture();
beforeAll(() => fixture.start());
afterEach(() => fixture.closeClients());
afterAll(() => fixture.end());

const LISTEN = { name: 'listen', key: 'listen-key', rights: ['Listen' as const] };
const SEND = { name: 'send', key: 'send-key', rights: ['Send' as const] };
const UNAUTHORIZED = { name: 'ServiceBusError', code: 'UnauthorizedAccess' };

function endpoint(): string {
  return `sb://127.0.0.1:${fixture.broker.port}`;
}

/** The connection string of somebody who has a signature and no key. */
function withSignature(resource: string, rule: { name: string; key: string }, lifeMs: number): string {
  const sas = signSas(`${endpoint()}/${resource}`, rule, Date.now() + lifeMs);
  return `Endpoint=${endpoint()};SharedAccessSignature=${sas};UseDevelopmentEmulator=true`;
}

test('a wrong key, and a key name that nobody has, are unauthorized', async () => {
  const queue = await fixture.queue();
  for (const rule of [
    { name: ROOT_KEY.name, key: 'wrong' },
    { name: 'nobody', key: ROOT_KEY.key },
  ]) {
    const client = fixture.client(fixture.broker.connectionString(rule));
    await expect(client.createSender(queue).sendMessages({ body: 1 })).rejects.toMatchObject(UNAUTHORIZED);
    await expect(client.createReceiver(queue).receiveMessages(1)).rejects.toMatchObject(UNAUTHORIZED);
    await expect(client.createReceiver(queue).peekMessages(1)).rejects.toMatchObject(UNAUTHORIZED);
  }
});

test('a key of a queue opens that queue alone, and for its rights alone', async () => {
  const queue = await fixture.queue({ rules: [LISTEN, SEND] });
  const other = await fixture.queue();
  const listener = fixture.client(fixture.broker.connectionString(LISTEN));
  const sender = fixture.client(fixture.broker.connectionString(SEND));
  await sender.createSender(queue).sendMessages({ body: 'in' });
  const receiver = listener.createReceiver(queue);
  const message = await one(receiver);
  await receiver.renewMessageLock(message);
  await receiver.completeMessage(message);
  await expect(listener.createSender(queue).sendMessages({ body: 1 })).rejects.toMatchObject(UNAUTHORIZED);
  await expect(
    listener.createSender(queue).scheduleMessages({ body: 1 }, new Date(Date.now() + 60_000)),
  ).rejects.toMatchObject(UNAUTHORIZED);
  await expect(sender.createReceiver(queue).receiveMessages(1)).rejects.toMatchObject(UNAUTHORIZED);
  await expect(sender.createReceiver(queue).peekMessages(1)).rejects.toMatchObject(UNAUTHORIZED);
  await expect(sender.createSender(other).sendMessages({ body: 1 })).rejects.toMatchObject(UNAUTHORIZED);
});

test('a shared access signature works for its queue until it ends, without any key', async () => {
  const queue = await fixture.queue({ rules: [LISTEN] });
  const other = await fixture.queue({ rules: [LISTEN] });
  await fixture.client().createSender(queue).sendMessages({ body: 'hello' });
  const client = fixture.client(withSignature(queue, LISTEN, 60_000));
  const receiver = client.createReceiver(queue);
  const message = await one(receiver);
  await receiver.renewMessageLock(message);
  await receiver.completeMessage(message);
  await expect(client.createReceiver(other).receiveMessages(1)).rejects.toMatchObject(UNAUTHORIZED);
  const expired = fixture.client(withSignature(queue, LISTEN, -1_000));
  await expect(expired.createReceiver(queue).receiveMessages(1)).rejects.toMatchObject(UNAUTHORIZED);
  const forged = fixture.client(withSignature(queue, { ...LISTEN, key: 'guess' }, 60_000));
  await expect(forged.createReceiver(queue).receiveMessages(1)).rejects.toMatchObject(UNAUTHORIZED);
});

test('when a token runs out the link is closed as unauthorized', async () => {
  const queue = await fixture.queue({ rules: [LISTEN] });
  const client = fixture.client(withSignature(queue, LISTEN, 1_500));
  const error = await new Promise<Error>((resolve) => {
    client.createReceiver(queue).subscribe({
      processMessage: () => Promise.resolve(),
      processError: (args) => Promise.resolve(resolve(args.error)),
    });
  });
  expect(error as ServiceBusError).toMatchObject(UNAUTHORIZED);
});

test('a key taken away from a queue ends its links at once', async () => {
  const queue = await fixture.queue({ rules: [LISTEN] });
  const client = fixture.client(fixture.broker.connectionString(LISTEN));
  const error = await new Promise<Error>((resolve, reject) => {
    const handlers = {
      postInitialize: () => fixture.broker.createQueue(queue, { rules: [] }).catch(reject),
      processMessage: () => Promise.resolve(),
      processError: (args: { error: Error }) => Promise.resolve(resolve(args.error)),
    };
    client.createReceiver(queue).subscribe(handlers);
  });
  expect(error as ServiceBusError).toMatchObject(UNAUTHORIZED);
});

test('a queue that is not there, or not any more, is named as missing', async () => {
  const client = fixture.client();
  const missing = { name: 'ServiceBusError', code: 'MessagingEntityNotFound' };
  await expect(client.createSender('nowhere').sendMessages({ body: 1 })).rejects.toMatchObject(missing);
  await expect(client.createReceiver('nowhere').receiveMessages(1)).rejects.toMatchObject(missing);
  await expect(client.createReceiver('nowhere').peekMessages(1)).rejects.toMatchObject(missing);
  const queue = await fixture.queue();
  await client.createSender(queue).sendMessages({ body: 1 });
  const ended = new Promise<Error>((resolve, reject) => {
    client.createReceiver(queue).subscribe({
      processMessage: () => fixture.broker.deleteQueue(queue).catch(reject),
      processError: (args) => Promise.resolve(resolve(args.error)),
    });
  });
  await expect(ended).resolves.toMatchObject(missing);
  await expect(fixture.client().createSender(queue).sendMessages({ body: 2 })).rejects.toMatchObject(missing);
  expect(fixture.broker.queues()).not.toContain(queue);
});

test('queue names are the same in any case', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  await client.createSender(queue.toUpperCase()).sendMessages({ body: 1 });
  expect((await one(client.createReceiver(queue))).body).toBe(1);
});
