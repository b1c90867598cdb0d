import { sealBox } from '../../contracts/sealed-box';
import { credentialUse, type Credential, type SealedUse } from '../../contracts/sealed-credential';

/**
 * Seals a credential so that one machine can open it, for one run or test.
 * @param sealingKey the machine's X25519 public key, SPKI DER in base64. @throws Error when it is none.
 */
export function sealCredential({ user, password }: Credential, sealingKey: string, use: SealedUse): string {
  return sealBox(JSON.stringify({ user, password }), sealingKey, credentialUse(use));
}
