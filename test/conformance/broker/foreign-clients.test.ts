import { once } from 'node:events';
import { connect } from 'node:net';
import rhea, { type Connection, type EventContext, type Sender } from 'rhea';
import { BrokerFixture, ROOT_KEY } from './broker-fixture';

/* What AMQP asks of a broker and the Service Bus client never tries; other clients (AMQPNetLite, qpid-proton) do. */

const fixture = new BrokerFixture();
const logged: string[] = [];
beforeAll(() => fixture.start({ log: (message) => logged.push(message) }));
afterAll(() => fixture.end());

const HEADER = Buffer.from('AMQP\0\x01\0\0', 'latin1');

/** Sends bytes; everything that is answered until the broker ends the connection. */
async function answerTo(bytes: Buffer): Promise<Buffer> {
  const socket = connect({ port: fixture.broker.port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

test.each([
  ['AMQP 0-9-1', 'AMQP\0\0\x09\x01'],
  ['AMQP 2.0', 'AMQP\0\x02\0\0'],
  ['SASL 2.0', 'AMQP\x03\x02\0\0'],
  ['TLS inside AMQP', 'AMQP\x02\x01\0\0'],
  ['HTTP', 'GET / HTTP/1.1\r\n\r\n'],
])('a peer that speaks %s is told the protocol and let go', async (_what, bytes) => {
  expect(await answerTo(Buffer.from(bytes, 'latin1'))).toEqual(HEADER);
});

describe('links', () => {
  let connection: Connection;

  beforeEach(async () => {
    connection = rhea.create_container().connect({
      host: '127.0.0.1',
      port: fixture.broker.port,
      username: ROOT_KEY.name,
      password: ROOT_KEY.key,
      reconnect: false,
    });
    await once(connection, 'connection_open');
  });
  afterEach(async () => {
    connection.close();
    await once(connection, 'connection_close');
  });

  /** How the broker ended a link: the fields of its detach. */
  const ending = async (sender: Sender): Promise<{ closed?: boolean; error?: unknown }> => {
    const [context] = (await once(sender, 'sender_close')) as [EventContext];
    const { remote } = context.sender as unknown as {
      remote: { detach: { closed?: boolean; error?: unknown } };
    };
    return remote.detach;
  };

  test('that are detached are answered with a detach, closed ones with a close, and attach again', async () => {
    const queue = await fixture.queue();
    for (const isClosed of [false, true, false]) {
      const sender = connection.open_sender({ name: 'same', target: queue });
      await once(sender, 'sendable');
      sender.send({ body: 'kept' });
      await once(sender, 'accepted');
      const ended = ending(sender);
      if (isClosed) sender.close();
      else sender.detach();
      expect((await ended).closed === true).toBe(isClosed);
    }
    expect(fixture.broker.counts(queue).active).toBe(3);
  });

  test('that are refused are attached without their terminus first, by which clients know that the reason follows', async () => {
    const sender = connection.open_sender({ name: 'to-nowhere', target: 'nowhere' });
    sender.on('sender_error', () => undefined);
    expect((await ending(sender)).error).toMatchObject({ condition: 'amqp:not-found' });
    expect(sender.target).toMatchObject({ value: null });
  });

  test('that ask for a session are refused: no queue has sessions', async () => {
    const queue = await fixture.queue();
    const filter = { 'com.microsoft:session-filter': rhea.types.wrap_described('s-1', 0x137000000c) };
    const receiver = connection.open_receiver({ name: 'session', source: { address: queue, filter } });
    receiver.on('receiver_error', () => undefined);
    const [closed] = (await once(receiver, 'receiver_close')) as [EventContext];
    expect(closed.receiver?.error).toMatchObject({ condition: 'amqp:not-allowed' });
    expect(closed.receiver?.source).toMatchObject({ value: null });
    await expect(fixture.client().acceptNextSession(queue)).rejects.toMatchObject({
      name: 'ServiceBusError',
    });
  });

  test('to a transaction coordinator are refused as such', async () => {
    const target = rhea.types.described(rhea.types.wrap_ulong(0x30), rhea.types.wrap_list([]));
    const sender = connection.open_sender({ name: 'transactions' });
    (sender as unknown as { local: { attach: { target: unknown } } }).local.attach.target = target;
    sender.on('sender_error', () => undefined);
    expect((await ending(sender)).error).toMatchObject({
      condition: 'amqp:not-implemented',
      description: 'A transaction is not supported.',
    });
    expect(logged).toContain('A link was refused.');
  });
});
