import type { EntityAddress } from '../namespace';
import type { Queue, Settlement } from '../queue';
import { deadLetterProperties } from '../queue';
import type { Right } from '../sas';
import { AmqpError, errors } from './amqp-error';
import { uuidBytes, uuidText } from './guid';
import { parseMessage, type IncomingMessage } from './message-codec';
import type { Reply, Request } from './request-link';
import { types } from './rhea-internals';

/** One request to an entity's $management node. */
export interface ManagementRequest {
  queue: Queue;
  address: EntityAddress;
  maxMessageBytes: number;
  body: Record<string, unknown>;
}

type Operation = (request: ManagementRequest) => Promise<Reply> | Reply;

/** Peeking stops once an answer has grown to this many bytes. */
const PEEK_BYTES = 1024 * 1024;
const PEEK_COUNT = 1000;
const OK = { status: 200, description: 'OK' };

/** Every operation that an entity's $management node knows, with the right that it needs. */
const OPERATIONS = new Map<string, { right: Right; run: Operation }>([
  ['com.microsoft:renew-lock', { right: 'Listen', run: renewLock }],
  ['com.microsoft:peek-message', { right: 'Listen', run: peek }],
  ['com.microsoft:receive-by-sequence-number', { right: 'Listen', run: receiveBySequenceNumber }],
  ['com.microsoft:update-disposition', { right: 'Listen', run: updateDisposition }],
  ['com.microsoft:schedule-message', { right: 'Send', run: schedule }],
  ['com.microsoft:cancel-scheduled-message', { right: 'Send', run: cancelScheduled }],
]);

/**
 * Does what a management request asks.
 * @param allows whether the connection has a right on the entity.
 * @throws AmqpError, LockLostError, MalformedMessageError
 */
export function handleManagement(
  entity: Omit<ManagementRequest, 'body'>,
  operation: string,
  request: Request,
  allows: (right: Right) => boolean,
): Promise<Reply> | Reply {
  const known = OPERATIONS.get(operation);
  if (!known) throw new AmqpError(errors.notImplemented(`The operation '${operation}'`));
  if (!allows(known.right)) throw new AmqpError(errors.missingRight(known.right, entity.address.path));
  const body: unknown = request['body'];
  if (typeof body !== 'object' || body === null) {
    throw new AmqpError(errors.badRequest('The body of the request is not a map.'));
  }
  return known.run({ ...entity, body: body as Record<string, unknown> });
}

function renewLock({ queue, address, body }: ManagementRequest): Reply {
  const lane = queue.lane(address.dead);
  const expirations = tokensOf(body).map((token) => lane.renew(token));
  return { ...OK, body: { expirations: types.wrap_array(expirations, 0x83) } };
}

function peek({ queue, address, body }: ManagementRequest): Reply {
  const from = numberOf(body['from-sequence-number'], 'from-sequence-number');
  const wanted = Math.min(numberOf(body['message-count'], 'message-count'), PEEK_COUNT);
  const lane = queue.lane(address.dead);
  const messages: unknown[] = [];
  let bytes = 0;
  for (const seq of queue.browse(address.dead, from, wanted)) {
    const message = lane.peek(seq);
    if (!message) continue;
    bytes += message.length;
    if (messages.length > 0 && bytes > PEEK_BYTES) break;
    messages.push({ message });
  }
  if (messages.length === 0) return { status: 204, description: 'NoContent', body: {} };
  return { ...OK, body: { messages } };
}

async function receiveBySequenceNumber({ queue, address, body }: ManagementRequest): Promise<Reply> {
  const lane = queue.lane(address.dead);
  const deletes = numberOf(body['receiver-settle-mode'] ?? 1, 'receiver-settle-mode') === 0;
  const messages: unknown[] = [];
  const tokens: string[] = [];
  for (const seq of sequenceNumbersOf(body)) {
    const lent = lane.lendDeferred(seq);
    if (!lent) continue;
    tokens.push(lent.token);
    messages.push({ message: lent.payload, 'lock-token': types.wrap_uuid(uuidBytes(lent.token)) });
  }
  if (messages.length === 0) throw new AmqpError(errors.messageNotFound());
  if (deletes)
    await Promise.all(tokens.map((token) => queue.settle(address.dead, token, { kind: 'complete' })));
  return { ...OK, body: { messages } };
}

async function updateDisposition({ queue, address, body }: ManagementRequest): Promise<Reply> {
  const settlement = settlementOf(body);
  await Promise.all(tokensOf(body).map((token) => queue.settle(address.dead, token, settlement)));
  return { ...OK };
}

function settlementOf(body: Record<string, unknown>): Settlement {
  const properties = new Map(
    Object.entries((body['properties-to-modify'] ?? {}) as Record<string, unknown>).map(([name, value]) => [
      name,
      types.wrap(value),
    ]),
  );
  const status = body['disposition-status'];
  switch (status) {
    case 'completed':
      return { kind: 'complete' };
    case 'abandoned':
      return { kind: 'abandon', properties };
    // Spelt like this in the protocol.
    case 'defered':
      return { kind: 'defer', properties };
    case 'suspended': {
      const why = deadLetterProperties(
        textOf(body['deadletter-reason']),
        textOf(body['deadletter-description']),
      );
      return { kind: 'deadLetter', properties: new Map([...why, ...properties]) };
    }
    default:
      throw new AmqpError(errors.badRequest(`'${String(status)}' is no disposition-status.`));
  }
}

async function schedule({ queue, body, maxMessageBytes }: ManagementRequest): Promise<Reply> {
  const entries = Array.isArray(body['messages']) ? (body['messages'] as unknown[]) : [];
  const messages: IncomingMessage[] = entries.map((entry) => {
    const encoded = (types.unwrap(entry) as Record<string, unknown>)['message'];
    if (!Buffer.isBuffer(encoded)) throw new AmqpError(errors.badRequest('An entry carries no message.'));
    if (encoded.length > maxMessageBytes)
      throw new AmqpError(errors.tooLarge(encoded.length, maxMessageBytes));
    return parseMessage(encoded);
  });
  const seqs = await queue.send(messages);
  return { ...OK, body: { 'sequence-numbers': types.wrap_array(seqs, 0x81) } };
}

async function cancelScheduled({ queue, body }: ManagementRequest): Promise<Reply> {
  if (await queue.cancelScheduled(sequenceNumbersOf(body))) return { ...OK };
  throw new AmqpError(errors.messageNotFound());
}

function tokensOf(body: Record<string, unknown>): string[] {
  const tokens = body['lock-tokens'];
  if (!Array.isArray(tokens) || tokens.length === 0 || !tokens.every((token) => Buffer.isBuffer(token))) {
    throw new AmqpError(errors.badRequest('lock-tokens is not an array of uuids.'));
  }
  return tokens.map(uuidText);
}

function sequenceNumbersOf(body: Record<string, unknown>): number[] {
  const numbers = body['sequence-numbers'];
  if (!Array.isArray(numbers)) throw new AmqpError(errors.badRequest('sequence-numbers is not an array.'));
  return numbers.map((value) => numberOf(value, 'sequence-numbers'));
}

/** Numbers that do not fit a JavaScript number arrive as bytes; no sequence number is that large. */
function numberOf(value: unknown, name: string): number {
  if (Buffer.isBuffer(value)) return Number.MAX_SAFE_INTEGER;
  const number = Number(value);
  if (!Number.isInteger(number)) throw new AmqpError(errors.badRequest(`${name} is not a whole number.`));
  return number;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
