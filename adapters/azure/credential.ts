import type { TokenCredential } from '@azure/identity';
import type { Environment } from '../environment';

/** The app's managed identity on Azure, or whoever is signed in on a developer's machine. Loaded when first asked for. */
export class AppIdentity {
  private credential: Promise<TokenCredential> | undefined;

  constructor(private readonly environment: Environment) {}

  async get(): Promise<TokenCredential> {
    this.credential ??= this.open();
    return this.credential;
  }

  /** Bearer token for one of Azure's own REST APIs, such as `https://management.azure.com/.default`. */
  async bearer(scope: string): Promise<string> {
    const token = await (await this.get()).getToken(scope);
    if (!token) throw new Error(`the app's identity got no token for ${scope}`);
    return token.token;
  }

  private async open(): Promise<TokenCredential> {
    const { DefaultAzureCredential } = await import('@azure/identity');
    // A user-assigned identity is named as the Functions host wants it named for its own storage.
    const clientId = this.environment['AzureWebJobsStorage__clientId'];
    return new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
  }
}
