import { randomUUID } from 'node:crypto';
import rhea, { type Typed } from 'rhea';
import { binaryContent, MalformedMessageError, SECTION, splitSections, type Section } from './sections';
import { types } from './rhea-internals';

/** A message as a sender wrote it: what the broker has to know about it, and the rest as raw bytes. */
export interface IncomingMessage {
  messageId?: string;
  /** Milliseconds, from the header. */
  ttlMs?: number;
  /** Milliseconds since the epoch, from the properties. */
  absoluteExpiryMs?: number;
  /** Milliseconds since the epoch, from the annotation x-opt-scheduled-enqueue-time. */
  scheduledMs?: number;
  durable: boolean;
  priority?: number;
  /** The sender's own message annotations: encoded pairs, without those that the broker writes. */
  annotations: Buffer;
  /** Properties, application properties, body and footer, exactly as received. */
  bare: Buffer;
}

/** The message format of a batch: its data sections are messages. */
export const BATCH_FORMAT = 0x80013700;

const SCHEDULED = 'x-opt-scheduled-enqueue-time';
/** Annotations that only the broker writes; a sender's are dropped. */
const BROKER_ANNOTATIONS = new Set([
  'x-opt-sequence-number',
  'x-opt-enqueued-time',
  'x-opt-locked-until',
  'x-opt-enqueue-sequence-number',
  'x-opt-message-state',
  'x-opt-deadletter-source',
]);

/** @throws MalformedMessageError */
export function parseBatch(encoded: Buffer): IncomingMessage[] {
  return splitSections(encoded)
    .filter((section) => section.code === SECTION.data)
    .map((section) => parseMessage(binaryContent(section.value)));
}

/** @throws MalformedMessageError */
export function parseMessage(encoded: Buffer): IncomingMessage {
  const sections = splitSections(encoded);
  const parsed: IncomingMessage = { durable: false, annotations: Buffer.alloc(0), bare: Buffer.alloc(0) };
  try {
    for (const section of sections) readSection(section, parsed);
    // Service Bus names a message that its sender did not; receivers rely on it.
    if (parsed.messageId === undefined) nameMessage(sections, parsed);
  } catch (cause) {
    if (cause instanceof MalformedMessageError) throw cause;
    throw new MalformedMessageError('A section of the message cannot be decoded.', { cause });
  }
  parsed.bare = bareOf(sections);
  return parsed;
}

function nameMessage(sections: Section[], parsed: IncomingMessage): void {
  parsed.messageId = randomUUID().replaceAll('-', '');
  const at = sections.findIndex((section) => section.code === SECTION.properties);
  const found = sections[at] && new types.Reader(sections[at].value).read();
  const fields = [types.wrap_string(parsed.messageId), ...((found?.value ?? []) as Typed[]).slice(1)];
  const list = rhea.types.wrap_list(fields);
  const raw = encodeAll([rhea.types.described(rhea.types.wrap_ulong(SECTION.properties), list) as Typed]);
  const section = { code: SECTION.properties, raw, value: raw.subarray(3) };
  if (at >= 0) sections[at] = section;
  else {
    const after = sections.findIndex(({ code }) => code > SECTION.properties);
    sections.splice(after < 0 ? sections.length : after, 0, section);
  }
}

function bareOf(sections: Section[]): Buffer {
  const kept = sections.filter((section) => section.code >= SECTION.properties).map((section) => section.raw);
  return kept.length === 1 && kept[0] ? kept[0] : Buffer.concat(kept);
}

function readSection({ code, raw, value }: Section, into: IncomingMessage): void {
  if (code === SECTION.header) {
    const { durable, priority, ttl } = decoded(raw);
    into.durable = durable === true;
    if (typeof priority === 'number') into.priority = priority;
    if (typeof ttl === 'number') into.ttlMs = ttl;
  } else if (code === SECTION.properties) {
    const { message_id: messageId, absolute_expiry_time: expiry } = decoded(raw);
    if (messageId !== undefined) into.messageId = textOf(messageId);
    if (expiry instanceof Date) into.absoluteExpiryMs = expiry.getTime();
  } else if (code === SECTION.messageAnnotations) {
    const kept: Typed[] = [];
    for (const [key, item] of pairsOf(value)) {
      const name = String(key.value);
      if (name === SCHEDULED) {
        const at = types.unwrap(item);
        if (at instanceof Date) into.scheduledMs = at.getTime();
      }
      if (!BROKER_ANNOTATIONS.has(name)) kept.push(key, item);
    }
    into.annotations = encodeAll(kept);
  }
}

function decoded(section: Buffer): Record<string, unknown> {
  return rhea.message.decode(section);
}

function textOf(messageId: unknown): string {
  return Buffer.isBuffer(messageId) ? messageId.toString('hex') : String(messageId);
}

function pairsOf(map: Buffer): [Typed, Typed][] {
  const value = new types.Reader(map).read();
  if (!types.is_map(value)) throw new MalformedMessageError('A map section does not hold a map.');
  return pairsOfMap(value);
}

/** The typed pairs of a decoded map. */
export function pairsOfMap(map: Typed): [Typed, Typed][] {
  const items = map.value as Typed[];
  return Array.from(
    { length: items.length >> 1 },
    (_, i) => [items[2 * i], items[2 * i + 1]] as [Typed, Typed],
  );
}

function encodeAll(items: Typed[]): Buffer {
  if (items.length === 0) return Buffer.alloc(0);
  const writer = new types.Writer();
  for (const item of items) writer.write(item);
  return writer.toBuffer();
}

/**
 * A copy of `bare` whose application properties are changed.
 * @param changes typed values by name; the others stay.
 */
export function withApplicationProperties(bare: Buffer, changes: Map<string, Typed>): Buffer {
  if (changes.size === 0) return bare;
  const sections = splitSections(bare);
  const merged = new Map<string, Typed>();
  for (const section of sections) {
    if (section.code !== SECTION.applicationProperties) continue;
    for (const [key, value] of pairsOf(section.value)) merged.set(String(key.value), value);
  }
  for (const [name, value] of changes) merged.set(name, value);
  const pairs = encodeAll([...merged].flatMap(([name, value]) => [types.wrap_string(name), value]));
  const replaced = mapSection(SECTION.applicationProperties, merged.size * 2, pairs);
  const of = (wanted: (code: number) => boolean): Buffer[] =>
    sections.filter((section) => wanted(section.code)).map((section) => section.raw);
  return Buffer.concat([
    ...of((code) => code === SECTION.properties),
    replaced,
    ...of((code) => code > SECTION.applicationProperties),
  ]);
}

function mapSection(code: number, count: number, ...items: Buffer[]): Buffer {
  const size = items.reduce((sum, item) => sum + item.length, 0);
  const head = Buffer.alloc(12);
  head.set([0x00, 0x53, code, 0xd1]);
  head.writeUInt32BE(size + 4, 4);
  head.writeUInt32BE(count, 8);
  return Buffer.concat([head, ...items]);
}

/** What the broker adds to a stored message when it hands it out. */
export interface DeliveryFacts {
  durable: boolean;
  priority?: number | undefined;
  ttlMs?: number | undefined;
  /** Earlier deliveries that did not end in a settlement. */
  deliveryCount: number;
  sequenceNumber: number;
  enqueuedSequenceNumber: number;
  enqueuedAtMs: number;
  lockedUntilMs?: number | undefined;
  /** Only when peeked or received by sequence number: 0 active, 1 deferred, 2 scheduled. */
  state?: number | undefined;
  /** In a dead-letter queue: the queue that the message came from. */
  deadLetterSource?: string | undefined;
  annotations: Buffer;
  bare: Buffer;
}

/** The encoded message for a receiver: a new header and annotations before the bytes that the sender wrote. */
export function encodeDelivery(facts: DeliveryFacts): Buffer {
  const own = [
    longAnnotation('x-opt-sequence-number', 0x81, facts.sequenceNumber),
    longAnnotation('x-opt-enqueue-sequence-number', 0x81, facts.enqueuedSequenceNumber),
    longAnnotation('x-opt-enqueued-time', 0x83, facts.enqueuedAtMs),
  ];
  if (facts.lockedUntilMs !== undefined) {
    own.push(longAnnotation('x-opt-locked-until', 0x83, facts.lockedUntilMs));
  }
  if (facts.state !== undefined) {
    own.push(encodeAll([types.wrap_symbol('x-opt-message-state'), types.wrap_int(facts.state)]));
  }
  if (facts.deadLetterSource !== undefined) {
    const source = types.wrap_string(facts.deadLetterSource);
    own.push(encodeAll([types.wrap_symbol('x-opt-deadletter-source'), source]));
  }
  const pairs = own.length + countPairs(facts.annotations);
  return Buffer.concat([
    encodeHeader(facts),
    mapSection(SECTION.messageAnnotations, pairs * 2, facts.annotations, ...own),
    facts.bare,
  ]);
}

/** The sender's own annotations, as they are stored. */
export function readAnnotations(encoded: Buffer): Map<string, unknown> {
  const annotations = new Map<string, unknown>();
  if (encoded.length === 0) return annotations;
  const reader = new types.Reader(encoded);
  while (reader.remaining() > 0) {
    const name = String(reader.read().value);
    annotations.set(name, types.unwrap(reader.read()));
  }
  return annotations;
}

function countPairs(encoded: Buffer): number {
  if (encoded.length === 0) return 0;
  const reader = new types.Reader(encoded);
  let count = 0;
  for (; reader.remaining() > 0; count++) reader.read();
  return count / 2;
}

function longAnnotation(name: string, type: 0x81 | 0x83, value: number): Buffer {
  const buffer = Buffer.alloc(2 + name.length + 9);
  buffer[0] = 0xa3;
  buffer[1] = name.length;
  buffer.write(name, 2, 'ascii');
  buffer[2 + name.length] = type;
  buffer.writeBigInt64BE(BigInt(Math.trunc(value)), 3 + name.length);
  return buffer;
}

function encodeHeader({ durable, priority, ttlMs, deliveryCount }: DeliveryFacts): Buffer {
  const NULL = 0x40;
  const uint = (value: number): number[] => [
    0x70,
    value >>> 24,
    (value >>> 16) & 255,
    (value >>> 8) & 255,
    value & 255,
  ];
  const fields = [
    durable ? 0x41 : 0x42,
    ...(priority === undefined ? [NULL] : [0x50, priority]),
    ...(ttlMs === undefined ? [NULL] : uint(Math.min(ttlMs, 0xffffffff))),
    NULL,
    ...uint(deliveryCount),
  ];
  return Buffer.from([0x00, 0x53, SECTION.header, 0xc0, fields.length + 1, 5, ...fields]);
}
