import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AppIdentity } from '../azure/credential';
import type { Secrets } from '../ports';

const API_VERSION = '7.4';
const secretAnswer = z.object({ value: z.string() });

interface KeyVaultOptions {
  /** Address of the vault, such as `https://name.vault.azure.net`. */
  url: string;
  identity: Pick<AppIdentity, 'bearer'>;
  fetch?: typeof fetch;
}

/** Secrets in Azure Key Vault, over its REST API with the app's identity. The reference is the secret's name in the vault. */
export class KeyVaultSecrets implements Secrets {
  constructor(private readonly options: KeyVaultOptions) {}

  async put(name: string, value: string): Promise<string> {
    const ref = `attendant-${createHash('sha256').update(name).digest('hex')}`;
    const answer = await this.request('PUT', ref, { value });
    if (!answer.ok) throw new Error(`Key Vault answered ${answer.status} to writing a secret`);
    return ref;
  }

  async get(ref: string): Promise<string | undefined> {
    const answer = await this.request('GET', encodeURIComponent(ref));
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`Key Vault answered ${answer.status} to reading a secret`);
    return secretAnswer.parse(await answer.json()).value;
  }

  private async request(method: string, name: string, body?: unknown): Promise<Response> {
    const { url, identity } = this.options;
    const scope = `https://${new URL(url).hostname.split('.').slice(1).join('.')}/.default`;
    return (this.options.fetch ?? fetch)(
      `${url.replace(/\/$/, '')}/secrets/${name}?api-version=${API_VERSION}`,
      {
        method,
        headers: {
          authorization: `Bearer ${await identity.bearer(scope)}`,
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
    );
  }
}
