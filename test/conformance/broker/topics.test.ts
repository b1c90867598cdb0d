import { BrokerFixture, one } from './broker-fixture';

const fixture = new BrokerFixture();
beforeAll(() => fixture.start());
afterEach(() => fixture.closeClients());
afterAll(() => fixture.end());

test('every subscription of a topic gets every message, and settles its own', async () => {
  await fixture.broker.createSubscription('orders', 'first');
  await fixture.broker.createSubscription('orders', 'second', { maxDeliveryCount: 1 });
  const client = fixture.client();
  await client.createSender('orders').sendMessages([{ body: 1 }, { body: 2 }]);
  const first = client.createReceiver('orders', 'first');
  const second = client.createReceiver('orders', 'second');
  await first.completeMessage(await one(first));
  expect((await one(first)).body).toBe(2);
  await second.abandonMessage(await one(second));
  expect((await one(second)).body).toBe(2);
  const dead = client.createReceiver('orders', 'second', { subQueueType: 'deadLetter' });
  expect((await one(dead)).body).toBe(1);
  expect(fixture.broker.counts('orders/Subscriptions/first')).toMatchObject({ active: 0, locked: 1 });
});

test('subscriptions outlive the broker; a topic goes with its last one', async () => {
  await fixture.broker.createSubscription('kept', 'only');
  await fixture.client().createSender('kept').sendMessages({ body: 'before' });
  await fixture.closeClients();
  await fixture.stopBroker();
  await fixture.start();
  const client = fixture.client();
  const receiver = client.createReceiver('kept', 'only');
  expect((await one(receiver)).body).toBe('before');
  await fixture.broker.deleteQueue('kept/Subscriptions/only');
  const sender = fixture.client().createSender('kept');
  await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'MessagingEntityNotFound' });
});

test('nothing is received from a topic itself', async () => {
  await fixture.broker.createSubscription('news', 'all');
  const receiver = fixture.client().createReceiver('news');
  await expect(receiver.receiveMessages(1, { maxWaitTimeInMs: 1_000 })).rejects.toThrow(
    'Receiving from a topic',
  );
});
