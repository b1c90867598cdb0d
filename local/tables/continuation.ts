import type { EntityKey } from './entity';
import { tableErrors } from './table-error';

/** A key as continuation headers carry it (headers hold no arbitrary text): `1!<length>!<base64url>`, as the service's look. */
export function encodeContinuation(key: string): string {
  const text = Buffer.from(key).toString('base64url');
  return `1!${text.length}!${text}`;
}

function decodeContinuation(token: string): string {
  const match = /^1!(\d+)!([\w-]*)$/.exec(token);
  if (!match || match[2]?.length !== Number(match[1])) {
    throw tableErrors.invalidInput(
      'The continuation token is none of ours. Send it back as it was answered.',
    );
  }
  return Buffer.from(match[2], 'base64url').toString();
}

/** The key at which a query goes on, from `NextPartitionKey` and `NextRowKey`. @throws TableError InvalidInput. */
export function continuationKey(query: URLSearchParams): EntityKey | undefined {
  const partitionKey = query.get('NextPartitionKey');
  if (partitionKey === null) return undefined;
  return {
    partitionKey: decodeContinuation(partitionKey),
    rowKey: decodeContinuation(query.get('NextRowKey') ?? '1!0!'),
  };
}

/** The table at which a listing goes on. @throws TableError InvalidInput. */
export function continuationTable(query: URLSearchParams): string {
  return decodeContinuation(query.get('NextTableName') ?? '1!0!');
}
