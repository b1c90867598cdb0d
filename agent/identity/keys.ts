import { createHash, createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { signedText, type AgentEventEnvelope } from '../../contracts/agent-protocol';
import { agentHeaders, requestText } from '../../contracts/agent-api';

/** Public keys in SPKI DER, private keys in PKCS #8 DER, base64 both. */
export interface KeyPair {
  publicKey: string;
  privateKey: string;
}

export function newKeyPair(kind: 'ed25519' | 'x25519'): KeyPair {
  const pair = kind === 'ed25519' ? generateKeyPairSync(kind) : generateKeyPairSync('x25519');
  return {
    publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  };
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Signs events and requests with the machine's Ed25519 key. */
export class Signer {
  private readonly key: KeyObject;

  constructor(
    private readonly machine: string,
    privateKey: string,
  ) {
    this.key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  }

  event(event: Omit<AgentEventEnvelope, 'signature'>): AgentEventEnvelope {
    return { ...event, signature: this.sign(signedText(event, sha256(event.body))) };
  }

  /** Headers of a signed request. @param time ISO instant, corrected to the control plane's clock. */
  headers(request: {
    method: string;
    path: string;
    time: string;
    bodySha256: string;
  }): Record<string, string> {
    return {
      [agentHeaders.machine]: this.machine,
      [agentHeaders.time]: request.time,
      [agentHeaders.signature]: this.sign(requestText({ ...request, machine: this.machine })),
    };
  }

  private sign(text: string): string {
    return sign(null, Buffer.from(text), this.key).toString('base64');
  }
}
