import { createHash, randomUUID } from 'node:crypto';

/** The name space the extension uses for replay-stable ids (its GuidManager's "URL" value, not RFC 4122's). */
const NAMESPACE = Buffer.from('9e9529595e334daf827f2fa12937b875', 'hex');

/** A version 5 UUID: the same name gives the same id on every replay. */
export function deterministicGuid(name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(name, 'utf8').digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A random id with dashes. */
export const newGuid = (): string => randomUUID();

/** A random id of 32 hex digits, the form of generated instance ids and of child and continued executions. */
export const newPlainGuid = (): string => randomUUID().replaceAll('-', '');
