import {
  createCipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import {
  nonceBytes,
  sealedFor,
  sealedVersion,
  sealingInfo,
  type Credential,
  type SealedUse,
} from '../../contracts/sealed-credential';

/**
 * Seals a credential so that one machine can open it, for one run or test (contracts/sealed-credential.ts has the format).
 * @param sealingKey the machine's X25519 public key, SPKI DER in base64. @throws Error when it is none.
 */
export function sealCredential(credential: Credential, sealingKey: string, use: SealedUse): string {
  const machineKey = createPublicKey({
    key: Buffer.from(sealingKey, 'base64'),
    format: 'der',
    type: 'spki',
  });
  const sender = generateKeyPairSync('x25519');
  const shared = diffieHellman({ privateKey: sender.privateKey, publicKey: machineKey });
  const salt = Buffer.concat([rawKey(sender.publicKey), rawKey(machineKey)]);
  const key = Buffer.from(hkdfSync('sha256', shared, salt, sealingInfo, 32));
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(sealedFor(use)));
  const text = JSON.stringify({ user: credential.user, password: credential.password });
  const content = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return [sealedVersion, rawKey(sender.publicKey).toString('base64url'), content.toString('base64url')].join(
    '.',
  );
}

/** The 32 bytes of an X25519 public key. */
function rawKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}
