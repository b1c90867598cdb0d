import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import type { Environment } from '../environment';
import type { AppIdentity } from './credential';
import { storageAccount } from './storage-account';

/** The container of the app's blobs. A module of its own: it loads the SDK. */
export async function openContainer(
  environment: Environment,
  identity: AppIdentity,
): Promise<ContainerClient> {
  const account = storageAccount(environment);
  const service =
    account.kind === 'connection'
      ? BlobServiceClient.fromConnectionString(account.connectionString)
      : new BlobServiceClient(account.blobs, await identity.get());
  return service.getContainerClient(environment['ATTENDANT_BLOB_CONTAINER'] ?? 'attendant');
}
