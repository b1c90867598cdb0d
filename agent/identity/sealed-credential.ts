import { openBox } from '../../contracts/sealed-box';
import {
  credential,
  credentialUse,
  type Credential,
  type SealedUse,
} from '../../contracts/sealed-credential';
import { AgentError } from '../errors';

/**
 * Opens a credential that was sealed for this machine and this use.
 * @param privateKey the machine's X25519 private key, PKCS #8 DER in base64.
 * @throws AgentError SessionCreationInvalidCredentials, which tells nothing of the content.
 */
export function openCredential(sealed: string, privateKey: string, use: SealedUse): Credential {
  try {
    return credential.parse(JSON.parse(openBox(sealed, privateKey, credentialUse(use))));
  } catch {
    throw new AgentError(
      'SessionCreationInvalidCredentials',
      'The credential cannot be opened: it was not sealed for this machine and this run.',
    );
  }
}
