import type { TokenCredential } from '@azure/core-auth';

/** The app's managed identity on Azure, or whoever is signed in on a developer's machine. Loaded when first asked for. */
export class AppIdentity {
  private credential: Promise<TokenCredential> | undefined;

  async get(): Promise<TokenCredential> {
    this.credential ??= import('@azure/identity').then(
      ({ DefaultAzureCredential }) => new DefaultAzureCredential(),
    );
    return this.credential;
  }

  /** Bearer token for one of Azure's own REST APIs, such as `https://management.azure.com/.default`. */
  async bearer(scope: string): Promise<string> {
    const token = await (await this.get()).getToken(scope);
    if (!token) throw new Error(`the app's identity got no token for ${scope}`);
    return token.token;
  }
}
