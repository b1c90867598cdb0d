import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import rhea, { type Connection } from 'rhea';
import { BrokerFixture, one, ROOT_KEY } from './broker-fixture';

/** More with STORM=10000 in the environment. */
const STORM = Number(process.env['STORM'] ?? 500);
const AT_ONCE = 50;

const fixture = new BrokerFixture();
beforeAll(() => fixture.start());
afterEach(() => fixture.closeClients());
afterAll(() => fixture.end());

const HEADER = Buffer.from('AMQP\0\x01\0\0', 'latin1');
const SASL_HEADER = Buffer.from('AMQP\x03\x01\0\0', 'latin1');

function frame(size: number, ...body: number[]): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(size);
  return Buffer.concat([bytes, Buffer.from(body)]);
}

/** Sends bytes and waits until the broker closes the connection. */
async function closedAfter(...chunks: Buffer[]): Promise<void> {
  const socket = connect({ port: fixture.broker.port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  socket.resume();
  for (const chunk of chunks) socket.write(chunk);
  await once(socket, 'close');
}

async function works(): Promise<void> {
  const queue = await fixture.queue();
  const client = fixture.client();
  await client.createSender(queue).sendMessages({ body: 'fine' });
  expect((await one(client.createReceiver(queue))).body).toBe('fine');
}

test('garbage, broken frames and giant frames end their connection and nothing else', async () => {
  const open = [0, 0x53, 0x10, 0xc0, 4, 1, 0xa1, 1, 0x61];
  await closedAfter(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await closedAfter(randomBytes(512));
  await closedAfter(Buffer.from('AMQP\0\0\x09\x01', 'latin1'));
  await closedAfter(HEADER, frame(3, 2, 0, 0, 0, 0, 0));
  await closedAfter(HEADER, frame(0xffffffff, 2, 0, 0, 0));
  await closedAfter(HEADER, frame(12, 1, 0, 0, 0, 1, 2, 3, 4));
  await closedAfter(HEADER, frame(12, 2, 0, 0, 0, 0xd0, 0xff, 0xff, 0xff));
  await closedAfter(
    HEADER,
    frame(8 + open.length, 2, 0, 0, 0, ...open),
    frame(11, 2, 0, 0, 7, 0, 0x53, 0x14),
  );
  await works();
});

function amqp(): Connection {
  const connection = rhea.create_container().connect({
    host: '127.0.0.1',
    port: fixture.broker.port,
    username: ROOT_KEY.name,
    password: ROOT_KEY.key,
    reconnect: false,
  });
  connection.on('disconnected', () => undefined);
  connection.on('error', () => undefined);
  return connection;
}

function socketOf(connection: Connection): Socket {
  return (connection as unknown as { socket: Socket }).socket;
}

test('a message that is not AMQP is rejected as such', async () => {
  const queue = await fixture.queue();
  const connection = amqp();
  const sender = connection.open_sender(queue);
  await once(sender, 'sendable');
  const rejected = once(sender, 'rejected') as Promise<[{ delivery: { remote_state: { error: object } } }]>;
  sender.send(Buffer.from('not amqp at all'), undefined, 0);
  const [{ delivery }] = await rejected;
  expect(delivery.remote_state.error).toMatchObject({ condition: 'amqp:decode-error' });
  connection.close();
  expect(fixture.broker.counts(queue).active).toBe(0);
});

test('a message that was cut off by a dropped connection is not there', async () => {
  const queue = await fixture.queue();
  const connection = amqp();
  const sender = connection.open_sender(queue);
  await once(sender, 'sendable');
  const socket = socketOf(connection);
  const written: Buffer[] = [];
  const write = socket.write.bind(socket);
  socket.write = (chunk: Uint8Array | string) => {
    written.push(Buffer.from(chunk as Uint8Array));
    return true;
  };
  sender.send({ body: Buffer.alloc(100_000) });
  await new Promise((resolve) => setImmediate(resolve));
  const first = written[0];
  if (!first) throw new Error('nothing was sent');
  write(first);
  write(Buffer.concat(written.slice(1)).subarray(0, 1_000));
  await new Promise((resolve) => setImmediate(resolve));
  socket.destroy(new Error('dropped'));
  await works();
  expect(fixture.broker.counts(queue).active).toBe(0);
});

test('a receiver that grants no credit and one that reads nothing hold up nobody', async () => {
  const queue = await fixture.queue();
  const idle = amqp();
  idle.open_receiver({ source: queue, credit_window: 0 });
  await once(idle, 'receiver_open');
  const deaf = amqp();
  const receiver = deaf.open_receiver({ source: queue, credit_window: 0, autoaccept: false });
  await once(deaf, 'receiver_open');
  socketOf(deaf).pause();
  receiver.add_credit(10);
  const client = fixture.client();
  const total = 200;
  await client
    .createSender(queue)
    .sendMessages(Array.from({ length: total }, () => ({ body: Buffer.alloc(1_000) })));
  const rest = await client.createReceiver(queue).receiveMessages(total - 10, { maxWaitTimeInMs: 5_000 });
  expect(rest).toHaveLength(total - 10);
  for (const connection of [idle, deaf]) socketOf(connection).destroy(new Error('dropped'));
});

test(`${STORM} connections are opened and dropped, and leave nothing behind`, async () => {
  const queue = await fixture.queue();
  await works();
  await fixture.closeClients();
  await until(() => fixture.broker.connections() === 0);
  const before = resources();
  for (let done = 0; done < STORM; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => visit(queue, done + i)));
  }
  await until(() => fixture.broker.connections() === 0);
  await until(() => resources() <= before + 5);
  await works();
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
}, 600_000);

/** Comes and goes in one of four ways. */
async function visit(queue: string, i: number): Promise<void> {
  if (i % 4 < 2) {
    const socket = connect({ port: fixture.broker.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    if (i % 4 === 1) socket.write(SASL_HEADER);
    socket.resetAndDestroy();
    return;
  }
  const connection = amqp();
  connection.open_receiver({ source: queue, credit_window: 10 });
  connection.open_sender(queue);
  await once(connection, 'receiver_open');
  // With an error, so that rhea stops the timers of this side.
  if (i % 4 === 2) socketOf(connection).destroy(new Error('dropped'));
  else {
    connection.close();
    await once(connection, 'connection_close');
  }
}

/** Timers and sockets of this process. */
function resources(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind.startsWith('TCPSocket'))
    .length;
}

/** Polls, because a closed socket on the other side has no event here. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain: ${fixture.broker.connections()} connections, ${resources()} resources`);
}
