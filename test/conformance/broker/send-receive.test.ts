import { BrokerFixture, one } from './broker-fixture';

const fixture = new BrokerFixture();
beforeAll(() => fixture.start());
afterEach(() => fixture.closeClients());
afterAll(() => fixture.end());

test('a message is sent, received with everything its sender wrote, and completed', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  await client.createSender(queue).sendMessages({
    body: { hello: 'world' },
    messageId: 'm-1',
    correlationId: 'c-1',
    subject: 'greeting',
    contentType: 'application/json',
    to: 'someone',
    replyTo: 'me',
    timeToLive: 60_000,
    applicationProperties: { kind: 'offer', fence: 7, final: true },
  });
  const receiver = client.createReceiver(queue);
  const message = await one(receiver);
  expect(message).toMatchObject({
    body: { hello: 'world' },
    messageId: 'm-1',
    correlationId: 'c-1',
    subject: 'greeting',
    contentType: 'application/json',
    to: 'someone',
    replyTo: 'me',
    timeToLive: 60_000,
    applicationProperties: { kind: 'offer', fence: 7, final: true },
    deliveryCount: 0,
    state: 'active',
  });
  expect(message.sequenceNumber?.toNumber()).toBe(1);
  expect(message.lockToken).toMatch(/^[0-9a-f-]{36}$/);
  expect(Math.abs((message.enqueuedTimeUtc?.getTime() ?? 0) - Date.now())).toBeLessThan(5_000);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 1 });
  await receiver.completeMessage(message);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
});

test('AMQP bodies of every kind and annotations come out as they went in', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  const sender = client.createSender(queue);
  const messageAnnotations = { 'x-opt-mine': 'kept', 'x-opt-sequence-number': 99 };
  await sender.sendMessages([
    { body: [1, 'two', null], bodyType: 'sequence', messageAnnotations },
    { body: { nested: { deep: [true] } }, bodyType: 'value' },
    { body: Buffer.from([0, 1, 2, 255]), bodyType: 'data' },
  ]);
  await sender.sendMessages({ body: 'text alone' });
  const receiver = client.createReceiver(queue, { receiveMode: 'receiveAndDelete' });
  const messages = await receiver.receiveMessages(4, { maxWaitTimeInMs: 5_000 });
  expect(messages.map((message) => message.body as unknown)).toEqual([
    [1, 'two', null],
    { nested: { deep: [true] } },
    Buffer.from([0, 1, 2, 255]),
    'text alone',
  ]);
  expect(messages.map((message) => message.sequenceNumber?.toNumber())).toEqual([1, 2, 3, 4]);
  expect(messages[0]?._rawAmqpMessage.messageAnnotations).toMatchObject({ 'x-opt-mine': 'kept' });
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
});

test('an abandoned message comes back first, with its count raised and its properties changed', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  await client
    .createSender(queue)
    .sendMessages([{ body: 'a', applicationProperties: { kept: 1, changed: 'no' } }, { body: 'b' }]);
  const receiver = client.createReceiver(queue);
  await receiver.abandonMessage(await one(receiver), { changed: 'yes', added: 5 });
  const again = await one(receiver);
  expect(again).toMatchObject({
    body: 'a',
    deliveryCount: 1,
    applicationProperties: { kept: 1, changed: 'yes', added: 5 },
  });
  expect((await one(receiver)).body).toBe('b');
});

test('a deferred message is received by its number alone, and settled', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  await client.createSender(queue).sendMessages([{ body: 'later' }, { body: 'now' }]);
  const receiver = client.createReceiver(queue);
  const later = await one(receiver);
  await receiver.deferMessage(later, { why: 'not yet' });
  expect((await one(receiver)).body).toBe('now');
  expect(fixture.broker.counts(queue)).toMatchObject({ deferred: 1, locked: 1 });
  const number = later.sequenceNumber;
  if (!number) throw new Error('no sequence number');
  const [deferred] = await receiver.receiveDeferredMessages(number);
  expect(deferred).toMatchObject({
    body: 'later',
    state: 'deferred',
    applicationProperties: { why: 'not yet' },
  });
  if (deferred) await receiver.completeMessage(deferred);
  await expect(receiver.receiveDeferredMessages(number)).rejects.toMatchObject({ code: 'MessageNotFound' });
});

test('a dead-lettered message is in the dead-letter queue with the reason', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  await client.createSender(queue).sendMessages({ body: 'bad', applicationProperties: { own: 1 } });
  const receiver = client.createReceiver(queue);
  await receiver.deadLetterMessage(await one(receiver), {
    deadLetterReason: 'Broken',
    deadLetterErrorDescription: 'cannot be read',
    extra: 'x',
  });
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0, deadLetter: 1 });
  const deadLetters = client.createReceiver(queue, { subQueueType: 'deadLetter' });
  const dead = await one(deadLetters);
  expect(dead).toMatchObject({
    body: 'bad',
    deadLetterReason: 'Broken',
    deadLetterErrorDescription: 'cannot be read',
    deadLetterSource: queue,
    applicationProperties: { own: 1, extra: 'x' },
  });
  await deadLetters.completeMessage(dead);
  expect(fixture.broker.counts(queue).deadLetter).toBe(0);
});

test('peeking shows messages in order without taking them', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  const receiver = client.createReceiver(queue);
  expect(await receiver.peekMessages(5)).toEqual([]);
  const sender = client.createSender(queue);
  await sender.sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
  await sender.scheduleMessages({ body: 4 }, new Date(Date.now() + 60_000));
  const seen = await client.createReceiver(queue).peekMessages(10);
  expect(seen.map((message) => [message.body as unknown, message.state])).toEqual([
    [1, 'active'],
    [2, 'active'],
    [3, 'active'],
    [4, 'scheduled'],
  ]);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 3, locked: 0, scheduled: 1 });
});

test('a receiver of an empty queue waits its time and gets the next message afterwards', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  const receiver = client.createReceiver(queue);
  expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 50 })).toEqual([]);
  const waiting = one(receiver);
  await client.createSender(queue).sendMessages({ body: 'at last' });
  expect((await waiting).body).toBe('at last');
});

test('a slow receiver gets no more than it asked for; what it leaves goes to others, in order', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  await client.createSender(queue).sendMessages(Array.from({ length: 40 }, (_, i) => ({ body: i })));
  const slow = client.createReceiver(queue);
  const first = await slow.receiveMessages(3, { maxWaitTimeInMs: 5_000 });
  expect(first.map((message) => message.body as number)).toEqual([0, 1, 2]);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 37, locked: 3 });
  const rest = await client.createReceiver(queue).receiveMessages(37, { maxWaitTimeInMs: 5_000 });
  expect(rest.map((message) => message.body as number)).toEqual(Array.from({ length: 37 }, (_, i) => i + 3));
});

test('competing receivers share the messages evenly', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  const counts = [0, 0, 0];
  await new Promise<void>((resolve) => {
    const attached = counts.map(
      (_, i) =>
        new Promise<void>((ready) => {
          const handlers = {
            postInitialize: () => Promise.resolve(ready()),
            processMessage: () => {
              counts[i] = (counts[i] ?? 0) + 1;
              if (counts.reduce((sum, count) => sum + count) === 90) resolve();
              return Promise.resolve();
            },
            processError: () => Promise.resolve(),
          };
          client.createReceiver(queue).subscribe(handlers, { maxConcurrentCalls: 5 });
        }),
    );
    const messages = Array.from({ length: 90 }, (_, i) => ({ body: i }));
    void Promise.all(attached).then(() => client.createSender(queue).sendMessages(messages));
  });
  for (const count of counts) expect(count).toBeGreaterThan(15);
  // A client that is closed while its last answers are under way may wait for them as long as it waits for anything.
  while (fixture.broker.counts(queue).locked > 0) await new Promise((next) => setTimeout(next, 5));
});

test('thousands of messages pass through one subscription, each once', async () => {
  const queue = await fixture.queue();
  const client = fixture.client();
  const total = 3_000;
  const seen = new Set<number>();
  const receiver = client.createReceiver(queue);
  const done = new Promise<void>((resolve, reject) => {
    receiver.subscribe(
      {
        processMessage: async (message) => {
          await receiver.completeMessage(message);
          seen.add(message.body as number);
          if (seen.size === total) resolve();
        },
        processError: ({ error }) => Promise.resolve(reject(error)),
      },
      { maxConcurrentCalls: 50, autoCompleteMessages: false },
    );
  });
  const sender = client.createSender(queue);
  const batches = Array.from({ length: total / 100 }, (_, batch) =>
    Array.from({ length: 100 }, (__, i) => ({ body: batch * 100 + i })),
  );
  await Promise.all(batches.map((batch) => sender.sendMessages(batch)));
  await done;
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
});
