import { randomBytes } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import type { SessionOwner } from '../session';

const PROTOCOL = 'MIT-MAGIC-COOKIE-1';
/** Any host: the name of the machine may change while a session lives (Xauth(3), FamilyWild). */
const FAMILY_WILD = 0xffff;

/** A new X authority cookie, 16 bytes in hex. */
export function newCookie(): string {
  return randomBytes(16).toString('hex');
}

/** Writes an Xauthority file with one cookie, whole or not at all, readable by its owner alone. */
export async function writeAuthority(
  file: string,
  authority: { display: number; cookie: string; owner: SessionOwner },
): Promise<void> {
  const { display, cookie, owner } = authority;
  const next = `${file}.next`;
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.writeFile(
      Buffer.concat([
        uint16(FAMILY_WILD),
        field(Buffer.alloc(0)),
        field(Buffer.from(String(display))),
        field(Buffer.from(PROTOCOL)),
        field(Buffer.from(cookie, 'hex')),
      ]),
    );
    await handle.chown(owner.uid, owner.gid);
  } finally {
    await handle.close();
  }
  await rename(next, file);
}

function field(bytes: Buffer): Buffer {
  return Buffer.concat([uint16(bytes.length), bytes]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
