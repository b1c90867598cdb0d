import { BrokerFixture, one } from './broker-fixture';

const fixture = new BrokerFixture();
beforeAll(() => fixture.start());
afterEach(() => fixture.closeClients());
afterAll(() => fixture.end());

/** Receivers that do not renew locks by themselves. */
const PLAIN = { maxAutoLockRenewalDurationInMs: 0 };

test('a lock that runs out gives the message to the next receiver, and its old holder is told', async () => {
  const queue = await fixture.queue({ lockDurationMs: 100 });
  const client = fixture.client();
  await client.createSender(queue).sendMessages({ body: 'work' });
  const first = client.createReceiver(queue, PLAIN);
  const held = await one(first);
  const second = client.createReceiver(queue, PLAIN);
  const again = await one(second);
  expect(again).toMatchObject({ body: 'work', deliveryCount: 1 });
  await second.completeMessage(again);
  await expect(first.completeMessage(held)).rejects.toMatchObject({
    name: 'ServiceBusError',
    code: 'MessageLockLost',
  });
});

test('a refused settlement does not colour its neighbours', async () => {
  const queue = await fixture.queue({ lockDurationMs: 60_000 });
  const client = fixture.client();
  await client.createSender(queue).sendMessages([{ body: 0 }, { body: 1 }, { body: 2 }]);
  const receiver = client.createReceiver(queue, PLAIN);
  const [a, b, c] = await receiver.receiveMessages(3, { maxWaitTimeInMs: 5_000 });
  if (!a || !b || !c) throw new Error('three messages were sent');
  // The middle one loses its lock behind the receiver's back.
  await fixture.client().createReceiver(queue).peekMessages(1);
  const token = b.lockToken ?? '';
  await expect(settleByManagement(queue, token)).resolves.toBeUndefined();
  const results = await Promise.allSettled([a, b, c].map((message) => receiver.completeMessage(message)));
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
});

/** Completes through $management, as the client does when the link that received is gone. */
async function settleByManagement(queue: string, lockToken: string): Promise<void> {
  const client = fixture.client();
  const receiver = client.createReceiver(queue);
  const context = (receiver as unknown as { _context: ManagementContext })._context;
  await context.getManagementClient(queue).updateDispositionStatus(lockToken, 'complete', {});
}
interface ManagementContext {
  getManagementClient(queue: string): {
    updateDispositionStatus(token: string, kind: string, options: object): Promise<void>;
  };
}

test('a renewed lock holds for another full time', async () => {
  const queue = await fixture.queue({ lockDurationMs: 1_000 });
  const client = fixture.client();
  await client.createSender(queue).sendMessages({ body: 'long work' });
  const receiver = client.createReceiver(queue, PLAIN);
  const held = await one(receiver);
  const before = held.lockedUntilUtc?.getTime() ?? 0;
  const renewed = await receiver.renewMessageLock(held);
  expect(renewed.getTime()).toBeGreaterThan(before);
  expect(renewed.getTime() - Date.now()).toBeGreaterThan(500);
  await receiver.completeMessage(held);
  await expect(receiver.renewMessageLock(held)).rejects.toMatchObject({ code: 'MessageLockLost' });
});

test('the client keeps a lock alive while its handler works', async () => {
  const queue = await fixture.queue({ lockDurationMs: 300 });
  const client = fixture.client();
  await client.createSender(queue).sendMessages({ body: 'long work' });
  const receiver = client.createReceiver(queue, { maxAutoLockRenewalDurationInMs: 10_000 });
  const held = await one(receiver);
  // Another receiver waits three lock durations in vain.
  const other = client.createReceiver(queue, PLAIN);
  expect(await other.receiveMessages(1, { maxWaitTimeInMs: 900 })).toEqual([]);
  await receiver.completeMessage(held);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
});

test('after the maximum of deliveries a message is dead-lettered with the reason', async () => {
  const queue = await fixture.queue({ maxDeliveryCount: 3, lockDurationMs: 100 });
  const client = fixture.client();
  await client.createSender(queue).sendMessages({ body: 'poison' });
  const receiver = client.createReceiver(queue, PLAIN);
  const counts = [];
  for (let i = 0; i < 2; i++) {
    const message = await one(receiver);
    counts.push(message.deliveryCount);
    await receiver.abandonMessage(message);
  }
  // The third delivery ends with its lock running out.
  counts.push((await one(receiver)).deliveryCount);
  expect(counts).toEqual([0, 1, 2]);
  const dead = await one(client.createReceiver(queue, { subQueueType: 'deadLetter' }));
  expect(dead).toMatchObject({
    body: 'poison',
    deadLetterReason: 'MaxDeliveryCountExceeded',
    deadLetterErrorDescription: 'Message could not be consumed after 3 delivery attempts.',
  });
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0, deadLetter: 1 });
});

test('a connection that drops keeps its locks until they run out', async () => {
  const queue = await fixture.queue({ lockDurationMs: 400 });
  const dropping = fixture.client();
  await dropping.createSender(queue).sendMessages({ body: 'held' });
  await one(dropping.createReceiver(queue, PLAIN));
  await dropping.close();
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 1 });
  const again = await one(fixture.client().createReceiver(queue, PLAIN));
  expect(again.deliveryCount).toBe(1);
});

test('a message is settled after its link is closed, by its lock token', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  await client.createSender(queue).sendMessages({ body: 'x' });
  const receiver = client.createReceiver(queue, PLAIN);
  const held = await one(receiver);
  await settleByManagement(queue, held.lockToken ?? '');
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
});
