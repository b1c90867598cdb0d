import { BrokerFixture, one } from './broker-fixture';

let fixture: BrokerFixture;
beforeEach(async () => {
  fixture = new BrokerFixture();
  await fixture.start();
});
afterEach(() => fixture.end());

async function restart(): Promise<void> {
  const { port } = fixture.broker;
  await fixture.stopBroker();
  await fixture.start({ port });
}

test('queues, messages, schedules, dead letters and seen ids survive a restart; locks do not', async () => {
  await fixture.broker.createQueue('kept', { duplicateDetectionWindowMs: 600_000, maxDeliveryCount: 5 });
  const client = fixture.client();
  const sender = client.createSender('kept');
  await sender.sendMessages(['a', 'b', 'c', 'd'].map((body) => ({ body, messageId: body })));
  await sender.scheduleMessages({ body: 'later' }, new Date(Date.now() + 60_000));
  const receiver = client.createReceiver('kept', { maxAutoLockRenewalDurationInMs: 0 });
  const [a, b] = await receiver.receiveMessages(2, { maxWaitTimeInMs: 5_000 });
  if (!a || !b) throw new Error('two messages were sent');
  await receiver.completeMessage(a);
  await receiver.deadLetterMessage(await one(receiver), {
    deadLetterReason: 'why',
    deadLetterErrorDescription: 'because',
  });
  await fixture.closeClients();
  await restart();
  expect(fixture.broker.queues()).toEqual(['kept']);
  expect(fixture.broker.counts('kept')).toEqual({
    active: 2,
    locked: 0,
    deferred: 0,
    scheduled: 1,
    deadLetter: 1,
  });
  const again = fixture.client();
  await again.createSender('kept').sendMessages({ body: 'dropped', messageId: 'd' });
  await again.createSender('kept').sendMessages({ body: 'e', messageId: 'e' });
  const messages = await again.createReceiver('kept').receiveMessages(3, { maxWaitTimeInMs: 5_000 });
  expect(messages.map((message) => [message.body as string, message.deliveryCount])).toEqual([
    ['b', 1],
    ['d', 0],
    ['e', 0],
  ]);
  expect(messages[2]?.sequenceNumber?.toNumber()).toBeGreaterThan(5);
});

test('clients go on after the broker comes back on its port, and no accepted message is lost', async () => {
  await fixture.broker.createQueue('work', { lockDurationMs: 60_000 });
  // A send that the restart swallowed is tried again after the timeout.
  const retryOptions = { maxRetries: 20, retryDelayInMs: 50, timeoutInMs: 1_000 };
  const client = fixture.client(undefined, { retryOptions });
  const accepted = new Set<number>();
  const seen = new Set<number>();
  let stop = false;
  const receiver = client.createReceiver('work');
  receiver.subscribe(
    {
      processMessage: (message) => {
        seen.add(message.body as number);
        return Promise.resolve();
      },
      // A restart shows as errors in between; what counts is that the subscription goes on.
      processError: () => Promise.resolve(),
    },
    { maxConcurrentCalls: 10 },
  );
  const sender = client.createSender('work');
  const sending = (async () => {
    for (let i = 0; !stop; i++) {
      try {
        await sender.sendMessages({ body: i });
        accepted.add(i);
      } catch {
        // Not accepted: not promised.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  })();
  try {
    for (let i = 0; i < 2; i++) {
      const before = accepted.size;
      await until(() => accepted.size > before + 50);
      await restart();
    }
    const before = accepted.size;
    await until(() => accepted.size > before + 50);
  } finally {
    stop = true;
    await sending;
  }
  await until(() => [...accepted].every((i) => seen.has(i)));
}, 60_000);

test('with a full disk nothing is accepted, nothing accepted is lost, and it mends itself', async () => {
  await fixture.broker.createQueue('full');
  const sender = fixture.client().createSender('full');
  await sender.sendMessages({ body: 'before', messageId: 'before' });
  fixture.limitPages(40);
  const body = Buffer.alloc(200_000);
  const results = await Promise.allSettled(
    [1, 2, 3].map((i) => sender.sendMessages({ body, messageId: `${i}` })),
  );
  const accepted = results.filter((result) => result.status === 'fulfilled').length;
  expect(accepted).toBeLessThan(3);
  fixture.limitPages();
  await sender.sendMessages({ body: 'after', messageId: 'after' });
  expect(fixture.broker.counts('full').active).toBe(accepted + 2);
  const receiver = fixture.client().createReceiver('full');
  const messages = await receiver.receiveMessages(accepted + 2, { maxWaitTimeInMs: 5_000 });
  const ids = messages.map((message) => message.messageId);
  expect([ids[0], ids.at(-1)]).toEqual(['before', 'after']);
  await Promise.all(messages.map((message) => receiver.completeMessage(message)));
  expect(fixture.broker.counts('full')).toMatchObject({ active: 0, locked: 0 });
});

/** Polls, because what is waited for has no event. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 3_000; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('waited in vain');
}
