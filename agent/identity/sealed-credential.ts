import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import {
  credential,
  nonceBytes,
  sealedFor,
  sealedVersion,
  sealingInfo,
  tagBytes,
  type Credential,
  type SealedUse,
} from '../../contracts/sealed-credential';
import { AgentError } from '../errors';

/**
 * Opens a credential that was sealed for this machine and this use (contracts/sealed-credential.ts has the format).
 * @param privateKey the machine's X25519 private key, PKCS #8 DER in base64.
 * @throws AgentError SessionCreationInvalidCredentials, which tells nothing of the content.
 */
export function openCredential(sealed: string, privateKey: string, use: SealedUse): Credential {
  try {
    return open(sealed, privateKey, use);
  } catch {
    throw new AgentError(
      'SessionCreationInvalidCredentials',
      'The credential cannot be opened: it was not sealed for this machine and this run.',
    );
  }
}

function open(sealed: string, privateKey: string, use: SealedUse): Credential {
  const [version, sender = '', body = '', ...more] = sealed.split('.');
  if (version !== sealedVersion || more.length > 0) throw new Error('unknown format');
  const ownKey = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  const senderKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: sender }, format: 'jwk' });
  const shared = diffieHellman({ privateKey: ownKey, publicKey: senderKey });
  const salt = Buffer.concat([rawKey(senderKey), rawKey(createPublicKey(ownKey))]);
  const key = Buffer.from(hkdfSync('sha256', shared, salt, sealingInfo, 32));
  const content = Buffer.from(body, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, content.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(sealedFor(use))).setAuthTag(content.subarray(-tagBytes));
  const text = Buffer.concat([decipher.update(content.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  return credential.parse(JSON.parse(text.toString('utf8')));
}

/** The 32 bytes of an X25519 public key. */
function rawKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}
