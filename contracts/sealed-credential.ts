import { z } from 'zod';
import type { Fence } from './ids';

/** The account that a session is made with (row B3). Never in a history, a log, an event or a journal: there it is sealed. */
export const credential = z.object({ user: z.string(), password: z.string() });
export type Credential = z.infer<typeof credential>;

/*
 * A sealed credential is the text
 *
 *   1.<public key>.<nonce, ciphertext, tag>
 *
 * with both parts in base64url. The public key (X25519, 32 bytes) is made for this sealing alone. The secret that it shares with the
 * machine's sealing key is the input of HKDF-SHA256 (salt: sender's then machine's public key, info: `sealingInfo`), whose 32 bytes are the
 * key of AES-256-GCM (nonce 12 bytes, tag 16 bytes) over the credential as JSON, with `sealedFor` as associated data.
 */
export const sealedVersion = '1';
export const sealingInfo = 'attendant-credential-1';
export const nonceBytes = 12;
export const tagBytes = 16;

/** The one use of a sealing; for any other it cannot be opened, so that it cannot be replayed. */
export type SealedUse =
  { machine: string; run: string; fence: Fence } | { machine: string; test: string; epoch: number };

/** Text of the use, bound into the sealing. */
export function sealedFor(use: SealedUse): string {
  const purpose =
    'run' in use
      ? ['run', use.run, `${use.fence.epoch}.${use.fence.n}`]
      : ['test', use.test, String(use.epoch)];
  return [sealingInfo, use.machine, ...purpose].join('\n');
}
