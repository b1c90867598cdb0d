import { VirtualClock } from '../../../local/clock';
import { BrokerFixture, one } from './broker-fixture';

const HOUR_MS = 3_600_000;
const fixture = new BrokerFixture();
const clock = new VirtualClock();
beforeAll(() => fixture.start({ clock }));
afterEach(() => fixture.closeClients());
afterAll(() => fixture.end());

async function pass(ms: number): Promise<void> {
  await clock.advanceTo(clock.now() + ms, () => Promise.resolve());
}

test('a message that outlives its time is gone, or dead-lettered where the queue says so', async () => {
  const dropping = await fixture.queue();
  const keeping = await fixture.queue({ deadLetterOnExpiration: true });
  const client = fixture.client();
  for (const queue of [dropping, keeping]) {
    const sender = client.createSender(queue);
    await sender.sendMessages({ body: 'short', timeToLive: HOUR_MS });
    await sender.sendMessages({ body: 'long', timeToLive: 3 * HOUR_MS });
    await sender.sendMessages({ body: 'for ever' });
  }
  await pass(2 * HOUR_MS);
  expect(fixture.broker.counts(dropping)).toMatchObject({ active: 2, deadLetter: 0 });
  const receiver = client.createReceiver(keeping);
  const left = await receiver.receiveMessages(2, { maxWaitTimeInMs: 5_000 });
  expect(left.map((message) => message.body as string)).toEqual(['long', 'for ever']);
  const dead = await one(client.createReceiver(keeping, { subQueueType: 'deadLetter' }));
  expect(dead).toMatchObject({
    body: 'short',
    deadLetterReason: 'TTLExpiredException',
    deadLetterErrorDescription: 'The message expired and was dead lettered.',
  });
});

test('the queue limits the time to live, and a locked message expires only when it comes back', async () => {
  const queue = await fixture.queue({ defaultTtlMs: HOUR_MS });
  const client = fixture.client();
  await client.createSender(queue).sendMessages([{ body: 'a', timeToLive: 5 * HOUR_MS }, { body: 'b' }]);
  const receiver = client.createReceiver(queue);
  const held = await one(receiver);
  expect(held.expiresAtUtc?.getTime()).toBe(clock.now() + HOUR_MS);
  await pass(2 * HOUR_MS);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 1 });
  await receiver.abandonMessage(held);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0, deadLetter: 0 });
});

test('a scheduled message appears at its time with a new number; a cancelled one never does', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  const sender = client.createSender(queue);
  const inAnHour = new Date(clock.now() + HOUR_MS);
  const [kept, cancelled] = await sender.scheduleMessages(
    [{ body: 'kept' }, { body: 'cancelled' }],
    inAnHour,
  );
  await sender.sendMessages({ body: 'annotated', scheduledEnqueueTimeUtc: inAnHour });
  await sender.sendMessages({ body: 'at once' });
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 1, scheduled: 3 });
  if (!kept || !cancelled) throw new Error('two messages were scheduled');
  await sender.cancelScheduledMessages(cancelled);
  await expect(sender.cancelScheduledMessages(cancelled)).rejects.toMatchObject({ code: 'MessageNotFound' });
  const receiver = client.createReceiver(queue);
  expect((await one(receiver)).body).toBe('at once');
  await pass(HOUR_MS);
  const due = await receiver.receiveMessages(2, { maxWaitTimeInMs: 5_000 });
  expect(due.map((message) => message.body as string)).toEqual(['kept', 'annotated']);
  expect(due[0]?.sequenceNumber?.toNumber()).toBeGreaterThan(4);
  expect(due[0]?.enqueuedTimeUtc?.getTime()).toBe(inAnHour.getTime());
});

test('a message id is accepted once within the window', async () => {
  const queue = await fixture.queue({ duplicateDetectionWindowMs: 10 * 60_000 });
  const client = fixture.client();
  const sender = client.createSender(queue);
  await sender.sendMessages({ body: 1, messageId: 'same' });
  await sender.sendMessages({ body: 2, messageId: 'same' });
  await sender.sendMessages([
    { body: 3, messageId: 'same' },
    { body: 4, messageId: 'other' },
  ]);
  expect(fixture.broker.counts(queue).active).toBe(2);
  await pass(11 * 60_000);
  await sender.sendMessages({ body: 5, messageId: 'same' });
  const receiver = client.createReceiver(queue);
  const messages = await receiver.receiveMessages(3, { maxWaitTimeInMs: 5_000 });
  expect(messages.map((message) => message.body as number)).toEqual([1, 4, 5]);
});

test('a message above the limit is refused by name, and the link goes on', async () => {
  const queue = await fixture.queue();
  const sender = fixture.client().createSender(queue);
  const tooLarge = { body: Buffer.alloc(300_000) };
  await expect(sender.sendMessages(tooLarge)).rejects.toMatchObject({ code: 'MessageSizeExceeded' });
  await expect(sender.sendMessages({ body: Buffer.alloc(5_000_000) })).rejects.toMatchObject({
    code: 'MessageSizeExceeded',
  });
  await expect(sender.scheduleMessages(tooLarge, new Date(clock.now() + HOUR_MS))).rejects.toMatchObject({
    code: 'MessageSizeExceeded',
  });
  await sender.sendMessages({ body: Buffer.alloc(250_000) });
  expect(fixture.broker.counts(queue).active).toBe(1);
});

test('a batch takes as much as the limit allows, and is stored as a whole', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  const sender = client.createSender(queue);
  const batch = await sender.createMessageBatch();
  expect(batch.maxSizeInBytes).toBe(262_144);
  let added = 0;
  while (batch.tryAddMessage({ body: Buffer.alloc(20_000, added) })) added++;
  expect(added).toBeGreaterThan(11);
  await sender.sendMessages(batch);
  expect(fixture.broker.counts(queue).active).toBe(added);
  const big = Array.from({ length: 20 }, () => ({ body: Buffer.alloc(20_000) }));
  await expect(sender.sendMessages(big)).rejects.toBeDefined();
  expect(fixture.broker.counts(queue).active).toBe(added);
  const receiver = client.createReceiver(queue);
  const messages = await receiver.receiveMessages(added, { maxWaitTimeInMs: 5_000 });
  expect(messages.map((message) => (message.body as Buffer)[0])).toEqual(messages.map((_, i) => i));
});
