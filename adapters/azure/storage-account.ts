import type { Environment } from '../environment';

/** How the storage account of the app is reached: the same settings that the Functions host reads. */
export type StorageAccount =
  { kind: 'connection'; connectionString: string } | { kind: 'identity'; tables: string; blobs: string };

/**
 * Reads `AzureWebJobsStorage` (a connection string, also `UseDevelopmentStorage=true`) or `AzureWebJobsStorage__accountName`,
 * with `__tableServiceUri` and `__blobServiceUri` for clouds with other names.
 * @throws Error naming the settings when none is given.
 */
export function storageAccount(environment: Environment): StorageAccount {
  const connectionString = environment['AzureWebJobsStorage'];
  if (connectionString) return { kind: 'connection', connectionString };
  const name = environment['AzureWebJobsStorage__accountName'];
  const tables =
    environment['AzureWebJobsStorage__tableServiceUri'] ?? (name && `https://${name}.table.core.windows.net`);
  const blobs =
    environment['AzureWebJobsStorage__blobServiceUri'] ?? (name && `https://${name}.blob.core.windows.net`);
  if (!tables || !blobs) throw new Error('set AzureWebJobsStorage or AzureWebJobsStorage__accountName');
  return { kind: 'identity', tables, blobs };
}
