/** Descriptor codes of the sections of an AMQP message (AMQP 1.0 part 3, 3.2). */
export const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
} as const;

/** One section as it lies in the message: `raw` with its descriptor, `value` the encoded value alone. */
export interface Section {
  code: number;
  raw: Buffer;
  value: Buffer;
}

/** A message that is not AMQP: cut short, or with a type or section that does not exist. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
}

const SYMBOLIC_CODES = new Map<string, number>([
  ['amqp:header:list', SECTION.header],
  ['amqp:delivery-annotations:map', SECTION.deliveryAnnotations],
  ['amqp:message-annotations:map', SECTION.messageAnnotations],
  ['amqp:properties:list', SECTION.properties],
  ['amqp:application-properties:map', SECTION.applicationProperties],
  ['amqp:data:binary', SECTION.data],
  ['amqp:amqp-sequence:list', SECTION.sequence],
  ['amqp:amqp-value:*', SECTION.value],
  ['amqp:footer:map', SECTION.footer],
]);

/**
 * Cuts an encoded message into its sections without decoding their content, so that what a sender wrote is stored and
 * delivered byte for byte.
 * @throws MalformedMessageError
 */
export function splitSections(message: Buffer): Section[] {
  const sections: Section[] = [];
  let offset = 0;
  while (offset < message.length) {
    if (message[offset] !== 0x00) throw new MalformedMessageError('A message section has no descriptor.');
    const descriptorStart = offset + 1;
    const valueStart = endOfValue(message, descriptorStart);
    const end = endOfValue(message, valueStart);
    sections.push({
      code: sectionCode(message.subarray(descriptorStart, valueStart)),
      raw: message.subarray(offset, end),
      value: message.subarray(valueStart, end),
    });
    offset = end;
  }
  return sections;
}

/** The bytes of an encoded binary value (a data section's content). */
export function binaryContent(value: Buffer): Buffer {
  if (value[0] === 0xa0) return value.subarray(2);
  if (value[0] === 0xb0) return value.subarray(5);
  throw new MalformedMessageError('A data section does not hold binary.');
}

function sectionCode(descriptor: Buffer): number {
  const type = descriptor[0];
  let code: number | undefined;
  if (type === 0x53) code = descriptor[1];
  else if (type === 0x80) code = Number(descriptor.readBigUInt64BE(1));
  else if (type === 0xa3) code = SYMBOLIC_CODES.get(descriptor.toString('ascii', 2));
  if (code === undefined || code < SECTION.header || code > SECTION.footer) {
    throw new MalformedMessageError('A message has a section that AMQP does not know.');
  }
  return code;
}

/** Where the value that starts at `start` ends; the width class is the high half of the type code (AMQP part 1, 1.2). */
function endOfValue(buffer: Buffer, start: number): number {
  const type = buffer[start];
  if (type === undefined) throw new MalformedMessageError('A message ends inside a value.');
  let end: number;
  if (type === 0x00) end = endOfValue(buffer, endOfValue(buffer, start + 1));
  else {
    const kind = type >> 4;
    if (kind >= 0x4 && kind <= 0x9) end = start + 1 + (kind === 0x4 ? 0 : 1 << (kind - 5));
    else if (kind === 0xa || kind === 0xc || kind === 0xe) end = start + 2 + (buffer[start + 1] ?? Infinity);
    else if (kind === 0xb || kind === 0xd || kind === 0xf) {
      end = start + 5 <= buffer.length ? start + 5 + buffer.readUInt32BE(start + 1) : Infinity;
    } else throw new MalformedMessageError('A message has a type code that AMQP does not know.');
  }
  if (end > buffer.length) throw new MalformedMessageError('A message ends inside a value.');
  return end;
}
