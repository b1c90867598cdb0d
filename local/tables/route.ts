import type { EntityKey } from './entity';
import { tableErrors } from './table-error';

/** What a path names. */
export type Resource =
  | { kind: 'tables' }
  | { kind: 'table'; name: string }
  | { kind: 'entities'; table: string }
  | { kind: 'entity'; table: string; key: EntityKey }
  | { kind: 'batch' };

const TABLE = /^Tables\('([^']*)'\)$/;
const ENTITY = /^([A-Za-z0-9]+)\(PartitionKey='((?:[^']|'')*)',\s*RowKey='((?:[^']|'')*)'\)$/;
const ENTITIES = /^([A-Za-z0-9]+)(?:\(\))?$/;

/**
 * Reads the part of a URL's path that follows the account.
 * @throws TableError InvalidUri.
 */
export function parseResource(encodedPath: string): Resource {
  let path: string;
  try {
    path = decodeURIComponent(encodedPath);
  } catch {
    throw tableErrors.invalidUri();
  }
  if (path === 'Tables' || path === 'Tables()') return { kind: 'tables' };
  if (path === '$batch') return { kind: 'batch' };
  const entity = ENTITY.exec(path);
  if (entity) {
    const [, table = '', partitionKey = '', rowKey = ''] = entity;
    return {
      kind: 'entity',
      table,
      key: { partitionKey: partitionKey.replaceAll("''", "'"), rowKey: rowKey.replaceAll("''", "'") },
    };
  }
  const table = TABLE.exec(path)?.[1];
  if (table !== undefined) return { kind: 'table', name: table };
  const entities = ENTITIES.exec(path)?.[1];
  if (entities !== undefined) return { kind: 'entities', table: entities };
  throw tableErrors.invalidUri();
}

/** `/account/rest?query` taken apart; undefined when the path belongs to another account. */
export function splitUrl(url: string, account: string): { path: string; query: string } | undefined {
  const prefix = `/${account}/`;
  if (!url.startsWith(prefix)) return undefined;
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url.slice(prefix.length), query: '' }
    : { path: url.slice(prefix.length, mark), query: url.slice(mark + 1) };
}
