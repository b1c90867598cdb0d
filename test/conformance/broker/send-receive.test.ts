import { BrokerFixture } from './broker-fixture';

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
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
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
  expect(message?.sequenceNumber?.toNumber()).toBe(1);
  expect(message?.lockToken).toMatch(/^[0-9a-f-]{36}$/);
  expect(Math.abs((message?.enqueuedTimeUtc?.getTime() ?? 0) - Date.now())).toBeLessThan(5_000);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 1 });
  if (message) await receiver.completeMessage(message);
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
});
