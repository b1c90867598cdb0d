import rhea from 'rhea';
import { parseMessage, readAnnotations, type DeliveryFacts, type IncomingMessage } from './message-codec';

/** A message as code in the broker's process sends it. */
export interface PlainMessage {
  messageId?: string | undefined;
  subject?: string | undefined;
  contentType?: string | undefined;
  /** Time to live in milliseconds. */
  ttlMs?: number | undefined;
  body: Buffer;
}

/** A message as code in the broker's process receives it: what the vendor's client makes of the same delivery. */
export interface ReceivedMessage {
  lockToken: string;
  /** Earlier deliveries. */
  deliveryCount: number;
  sequenceNumber: number;
  lockedUntilUtc: Date | undefined;
  enqueuedTimeUtc: Date;
  expiresAtUtc: Date;
  messageId?: string | number | Buffer;
  contentType?: string;
  correlationId?: string | number | Buffer;
  subject?: string;
  to?: string;
  replyTo?: string;
  replyToSessionId?: string;
  sessionId?: string;
  partitionKey?: string;
  deadLetterSource?: string;
  applicationProperties?: Record<string, number | boolean | string | Date | null>;
  /** A Buffer for a data section. */
  body: unknown;
}

/** A message without time to live expires then, says the vendor's client (ms since the epoch). */
const NEVER_MS = 922_337_203_685_477;

/** @returns the message as a peer would have sent it, and its size in bytes. */
export function incomingFrom(message: PlainMessage): { incoming: IncomingMessage; bytes: number } {
  const { messageId, subject, contentType, ttlMs, body } = message;
  const encoded = rhea.message.encode({
    ...(messageId === undefined ? {} : { message_id: messageId }),
    ...(subject === undefined ? {} : { subject }),
    ...(contentType === undefined ? {} : { content_type: contentType }),
    ...(ttlMs === undefined ? {} : { ttl: Math.min(ttlMs, 0xffffffff) }),
    body: rhea.message.data_section(body),
  });
  return { incoming: parseMessage(encoded), bytes: encoded.length };
}

export function receivedFrom(facts: DeliveryFacts, lockToken: string): ReceivedMessage {
  const message = rhea.message.decode(facts.bare);
  const partitionKey = readAnnotations(facts.annotations).get('x-opt-partition-key');
  const received = {
    lockToken,
    deliveryCount: facts.deliveryCount,
    sequenceNumber: facts.sequenceNumber,
    lockedUntilUtc: facts.lockedUntilMs === undefined ? undefined : new Date(facts.lockedUntilMs),
    enqueuedTimeUtc: new Date(facts.enqueuedAtMs),
    expiresAtUtc: new Date(Math.min(facts.enqueuedAtMs + (facts.ttlMs ?? NEVER_MS), NEVER_MS)),
    messageId: message.message_id,
    contentType: message.content_type,
    correlationId: message.correlation_id,
    subject: message.subject,
    to: message.to,
    replyTo: message.reply_to,
    replyToSessionId: message.reply_to_group_id,
    sessionId: message.group_id,
    partitionKey,
    deadLetterSource: facts.deadLetterSource,
    applicationProperties: message.application_properties && withoutDates(message.application_properties),
    body: contentOf(message.body),
  };
  return received as ReceivedMessage;
}

/** The vendor's client gives timestamps among the properties as numbers. */
function withoutDates(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      value instanceof Date ? value.getTime() : value,
    ]),
  );
}

/** A data or sequence section holds its content; a value stands by itself. */
function contentOf(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('typecode' in body) || !('content' in body)) return body;
  return body.content;
}
