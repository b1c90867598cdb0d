import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
} from 'node:crypto';
import { openBox } from '../../contracts/sealed-box';
import { outputsUse } from '../../contracts/sealed-credential';
import type { Sealed, Sealer } from '../../contracts/sealed-values';
import { requiredSetting, secretsFolder, type Environment } from '../environment';
import { readDataKey } from './data-key';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Sealed by this app for itself; a box of another sender has its own format (contracts/sealed-box.ts). */
const OWN = 's1.';
/** What stands before the 32 bytes of an X25519 private key in PKCS #8. */
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const FEWEST_CHARACTERS = 32;

interface Keys {
  seal: Buffer;
  nonce: Buffer;
  fingerprint: Buffer;
  /** X25519, PKCS #8 DER in base64, and its public half. */
  privateKey: string;
  publicKey: string;
}

/**
 * Seals by the key of the environment: setting ATTENDANT_DATA_KEY (on Azure a reference into Key Vault), else a file beside the secrets of the
 * local host. The key is read at the first use, without waiting, so that orchestrations can use it.
 *
 * AES-256-GCM whose nonce is made of the value and its use: a replay seals alike, and equal values look equal only within one use.
 */
export class EnvironmentSealer implements Sealer {
  private made: Keys | undefined;

  constructor(private readonly environment: Environment) {}

  seal(value: unknown, use: string): Sealed {
    const { seal, nonce: nonceKey } = this.keys;
    const text = JSON.stringify(value ?? null);
    const nonce = createHmac('sha256', nonceKey)
      .update(`${use}\n`)
      .update(text)
      .digest()
      .subarray(0, NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', seal, nonce).setAAD(Buffer.from(use));
    const content = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { $sealed: OWN + content.toString('base64url') };
  }

  open({ $sealed }: Sealed, use: string): unknown {
    try {
      return JSON.parse(
        $sealed.startsWith(OWN) ? this.openOwn($sealed, use) : this.openForeign($sealed, use),
      );
    } catch {
      throw new Error(
        'A sealed value cannot be opened: the data key is another one, or it was sealed for another use.',
      );
    }
  }

  fingerprint(text: string): string {
    return createHmac('sha256', this.keys.fingerprint).update(text).digest('hex');
  }

  publicKey(): string {
    return this.keys.publicKey;
  }

  private openOwn(sealed: string, use: string): string {
    const content = Buffer.from(sealed.slice(OWN.length), 'base64url');
    const nonce = content.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.keys.seal, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(use)).setAuthTag(content.subarray(-TAG_BYTES));
    const text = decipher.update(content.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  }

  private openForeign(sealed: string, use: string): string {
    return openBox(sealed, this.keys.privateKey, outputsUse(use));
  }

  private get keys(): Keys {
    return (this.made ??= keysOf(keyText(this.environment)));
  }
}

/** @throws Error naming the setting that is missing or wrong. */
function keyText(environment: Environment): string {
  const folder = secretsFolder(environment);
  if (!environment['ATTENDANT_DATA_KEY'] && folder) return readDataKey(folder);
  const text = requiredSetting(environment, 'ATTENDANT_DATA_KEY');
  if (text.length >= FEWEST_CHARACTERS) return text;
  throw new Error(`The setting ATTENDANT_DATA_KEY has fewer than ${FEWEST_CHARACTERS} characters.`);
}

function keysOf(text: string): Keys {
  const derived = (info: string): Buffer =>
    Buffer.from(hkdfSync('sha256', text, '', `attendant-data-${info}-1`, 32));
  const der = Buffer.concat([PKCS8_X25519, derived('box')]);
  const publicKey = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return {
    seal: derived('seal'),
    nonce: derived('nonce'),
    fingerprint: derived('fingerprint'),
    privateKey: der.toString('base64'),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
}
