import rhea, { type Message } from 'rhea';
import {
  encodeDelivery,
  parseMessage,
  withApplicationProperties,
} from '../../../../local/broker/amqp/message-codec';
import { types } from '../../../../local/broker/amqp/rhea-internals';
import { MalformedMessageError, splitSections } from '../../../../local/broker/amqp/sections';

const FACTS = { deliveryCount: 2, sequenceNumber: 2 ** 40, enqueuedSequenceNumber: 0, enqueuedAtMs: 1_000 };

function encode(message: object): Buffer {
  return rhea.message.encode(message);
}

function handedOut(encoded: Buffer): Message {
  const parsed = parseMessage(encoded);
  return rhea.message.decode(encodeDelivery({ ...FACTS, ...parsed })) as unknown as Message;
}

test('what a sender wrote comes out byte for byte after the header and annotations of the broker', () => {
  const encoded = encode({
    message_id: rhea.types.wrap_uuid(Buffer.alloc(16, 7)),
    application_properties: {
      tiny: rhea.types.wrap_byte(1),
      big: rhea.types.wrap_long(Buffer.alloc(8, 255)),
    },
    body: rhea.types.wrap_list([rhea.types.wrap_char(0x1f600)]),
    footer: { check: 1 },
  });
  const { bare } = parseMessage(encoded);
  expect(encoded.includes(bare)).toBe(true);
  const out = encodeDelivery({ ...FACTS, ...parseMessage(encoded) });
  expect(out.subarray(-bare.length)).toEqual(bare);
});

test('header and annotations tell number, time, count and lock', () => {
  const message = handedOut(
    encode({ message_id: 'm', ttl: 5_000, priority: 7, message_annotations: { 'x-mine': 'y' }, body: 1 }),
  );
  expect(message).toMatchObject({ ttl: 5_000, priority: 7, delivery_count: 2, message_id: 'm', body: 1 });
  expect(message.message_annotations).toMatchObject({
    'x-mine': 'y',
    'x-opt-sequence-number': 2 ** 40,
    'x-opt-enqueued-time': new Date(1_000),
  });
});

test('a message without an id gets one, and keeps its other properties', () => {
  const message = handedOut(encode({ subject: 'kept', body: 'b' }));
  expect(message.message_id).toMatch(/^[0-9a-f]{32}$/);
  expect(message).toMatchObject({ subject: 'kept', body: 'b' });
  const bodyAlone = splitSections(encode({ body: 'b' })).filter((section) => section.code === 0x77);
  expect(handedOut(Buffer.concat(bodyAlone.map((section) => section.raw)))).toMatchObject({ body: 'b' });
});

test('application properties are changed one by one', () => {
  const { bare } = parseMessage(
    encode({ message_id: 'm', application_properties: { a: 1, b: 2 }, body: 'x' }),
  );
  const changed = withApplicationProperties(bare, new Map([['b', types.wrap_string('two')]]));
  expect(rhea.message.decode(changed)).toMatchObject({
    message_id: 'm',
    application_properties: { a: 1, b: 'two' },
    body: 'x',
  });
});

test('no bytes make the codec do anything but parse or refuse', () => {
  const valid = encode({ message_id: 'm', application_properties: { a: 1 }, body: 'x'.repeat(50) });
  for (let at = 0; at < valid.length; at++) {
    const cut = valid.subarray(0, at);
    const flipped = Buffer.from(valid);
    flipped[at] = (flipped[at] ?? 0) ^ 0xff;
    for (const bytes of [cut, flipped]) {
      try {
        parseMessage(bytes);
      } catch (cause) {
        expect(cause).toBeInstanceOf(MalformedMessageError);
      }
    }
  }
});
