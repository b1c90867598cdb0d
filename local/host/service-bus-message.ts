import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { RpcTypedData } from './rpc';
import { textData } from './typed-data';

/** The message's body as the trigger gives it: text (the library reads JSON in it), or bytes with `dataType: 'binary'`. */
export function messageBody(message: ServiceBusReceivedMessage, binary: boolean): RpcTypedData {
  const bytes = bodyBytes(message.body);
  return binary ? { bytes } : { string: bytes.toString('utf8') };
}

/** The same for a batch (`cardinality: 'many'`). */
export function batchBody(messages: ServiceBusReceivedMessage[], binary: boolean): RpcTypedData {
  const bodies = messages.map((message) => bodyBytes(message.body));
  if (binary) return { collectionBytes: { bytes: bodies } };
  return { collectionString: { string: bodies.map((body) => body.toString('utf8')) } };
}

/** `body` is a Buffer for a data section; an AMQP value or sequence is written as JSON. */
function bodyBytes(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body === undefined || body === null) return Buffer.alloc(0);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** What the Service Bus extension adds to an invocation; a property that the message lacks is absent. */
export function messageMetadata(message: ServiceBusReceivedMessage): Record<string, RpcTypedData> {
  return typed(properties(message));
}

/** For a batch: every property as an array under its name + `Array`. */
export function batchMetadata(messages: ServiceBusReceivedMessage[]): Record<string, RpcTypedData> {
  const each = messages.map(properties);
  const metadata: Record<string, RpcTypedData> = {};
  for (const name of Object.keys(each[0] ?? {})) {
    metadata[`${name}Array`] = { json: JSON.stringify(each.map((values) => values[name] ?? null)) };
  }
  return metadata;
}

function properties(message: ServiceBusReceivedMessage): Record<string, unknown> {
  const enqueued = message.enqueuedTimeUtc;
  const expires = message.expiresAtUtc;
  return {
    MessageId: message.messageId,
    DeliveryCount: (message.deliveryCount ?? 0) + 1,
    SequenceNumber:
      message.sequenceNumber === undefined ? undefined : Number(message.sequenceNumber.toString()),
    LockToken: message.lockToken,
    LockedUntil: message.lockedUntilUtc,
    EnqueuedTimeUtc: enqueued,
    EnqueuedTime: enqueued,
    ExpiresAtUtc: expires,
    ExpiresAt: expires,
    ContentType: message.contentType,
    CorrelationId: message.correlationId,
    Subject: message.subject,
    Label: message.subject,
    To: message.to,
    ReplyTo: message.replyTo,
    ReplyToSessionId: message.replyToSessionId,
    SessionId: message.sessionId,
    PartitionKey: message.partitionKey,
    DeadLetterSource: message.deadLetterSource,
    ApplicationProperties: message.applicationProperties ?? {},
    UserProperties: message.applicationProperties ?? {},
  };
}

function typed(values: Record<string, unknown>): Record<string, RpcTypedData> {
  const metadata: Record<string, RpcTypedData> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    metadata[name] = typeof value === 'string' ? textData(value) : { json: JSON.stringify(value) };
  }
  return metadata;
}
