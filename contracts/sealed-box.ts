import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

/*
 * A sealed box is the text
 *
 *   1.<public key>.<nonce, ciphertext, tag>
 *
 * with both parts in base64url. The public key (X25519, 32 bytes) is made for this sealing alone. The secret that it shares with the
 * receiver's sealing key is the input of HKDF-SHA256 (salt: sender's then receiver's public key, info: `info`), whose 32 bytes are the
 * key of AES-256-GCM (nonce 12 bytes, tag 16 bytes) over the text, with `use` as associated data: for another use it cannot be opened.
 */
const VERSION = '1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface BoxUse {
  /** What kind of thing it is. */
  info: string;
  /** The one use of it. */
  use: string;
}

/**
 * Seals a text so that only the holder of the key can open it.
 * @param publicKey of the receiver: X25519, SPKI DER in base64. @throws Error when it is none.
 */
export function sealBox(text: string, publicKey: string, { info, use }: BoxUse): string {
  const receiver = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  const sender = generateKeyPairSync('x25519');
  const key = boxKey({ own: sender.privateKey, other: receiver, sender: sender.publicKey, receiver, info });
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(use));
  const content = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, rawKey(sender.publicKey).toString('base64url'), content.toString('base64url')].join('.');
}

/**
 * @param privateKey of the receiver: X25519, PKCS #8 DER in base64.
 * @throws Error when the box was not sealed for this key and this use; tells nothing of the content.
 */
export function openBox(box: string, privateKey: string, { info, use }: BoxUse): string {
  const [version, from = '', body = '', ...more] = box.split('.');
  if (version !== VERSION || more.length > 0) throw new Error('unknown format');
  const own = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  const sender = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: from }, format: 'jwk' });
  const key = boxKey({ own, other: sender, sender, receiver: createPublicKey(own), info });
  const content = Buffer.from(body, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, content.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(use)).setAuthTag(content.subarray(-TAG_BYTES));
  const text = Buffer.concat([decipher.update(content.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  return text.toString('utf8');
}

function boxKey(of: {
  own: KeyObject;
  other: KeyObject;
  sender: KeyObject;
  receiver: KeyObject;
  info: string;
}): Buffer {
  const shared = diffieHellman({ privateKey: of.own, publicKey: of.other });
  const salt = Buffer.concat([rawKey(of.sender), rawKey(of.receiver)]);
  return Buffer.from(hkdfSync('sha256', shared, salt, of.info, 32));
}

/** The 32 bytes of an X25519 public key. */
function rawKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}
