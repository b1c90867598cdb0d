/*
 * Lock tokens are GUIDs. On the wire a delivery tag holds them in the byte order of .NET (the first three groups
 * reversed); $management requests and responses hold them as AMQP uuids, in the order in which they are written.
 */

function reorder(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.subarray(0, 4).reverse();
  copy.subarray(4, 6).reverse();
  copy.subarray(6, 8).reverse();
  return copy;
}

/** The delivery tag of a lock token. */
export function guidBytes(token: string): Buffer {
  return reorder(uuidBytes(token));
}

/** The lock token of a delivery tag; whatever is no GUID gives a token that no lock has. */
export function guidText(tag: Buffer): string {
  return tag.length === 16 ? uuidText(reorder(tag)) : '';
}

export function uuidBytes(token: string): Buffer {
  return Buffer.from(token.replaceAll('-', ''), 'hex');
}

export function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
