import { checkEntity, checkKey, keyOf, mergeProperties, parseBody, readProperties } from './entity';
import type { EntityKey } from './entity';
import type { WireRecord } from './edm';
import { parseRecord } from './entity-json';
import type { EntityRow, EntityStore } from './entity-store';
import { etagOf, type ChangeTimes } from './entity-time';
import type { Resource } from './route';
import { tableErrors } from './table-error';

/** A change of one entity, checked as far as it can be without looking at the store. */
export type EntityWrite =
  | { kind: 'insert'; table: string; key: EntityKey; properties: WireRecord }
  | {
      kind: 'merge' | 'replace';
      table: string;
      key: EntityKey;
      properties: WireRecord;
      /** Without it the write is an upsert; `*` is any version. */
      ifMatch: string | undefined;
    }
  | { kind: 'delete'; table: string; key: EntityKey; ifMatch: string };

/** What decides which write a request is: the same on its own and as part of a transaction. */
export interface WriteRequest {
  method: string;
  resource: Resource;
  ifMatch: string | undefined;
  body: string;
}

/**
 * @returns the write that a request asks for, or undefined when it is no write of an entity.
 * @throws TableError for bodies, keys and etags that the service refuses.
 */
export function readWrite({ method, resource, ifMatch, body }: WriteRequest): EntityWrite | undefined {
  if (resource.kind === 'entities' && method === 'POST') {
    const parsed = parseBody(body);
    const key = keyOf(parsed);
    return { kind: 'insert', table: resource.table, key, properties: readProperties(parsed) };
  }
  if (resource.kind !== 'entity') return undefined;
  const { table, key } = resource;
  switch (method) {
    case 'PUT':
    case 'PATCH':
    case 'MERGE':
      checkKey(key);
      checkEtag(ifMatch);
      return {
        kind: method === 'PUT' ? 'replace' : 'merge',
        table,
        key,
        properties: readProperties(parseBody(body)),
        ifMatch,
      };
    case 'DELETE':
      if (ifMatch === undefined) throw tableErrors.missingHeader('If-Match');
      checkEtag(ifMatch);
      return { kind: 'delete', table, key, ifMatch };
    default:
      return undefined;
  }
}

function checkEtag(ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === '*' || /^W\/"[^"]*"$/.test(ifMatch)) return;
  throw tableErrors.invalidInput(
    `The etag value '${ifMatch}' specified in one of the request headers is not valid. Please make sure only one etag value is specified and is valid.`,
  );
}

/**
 * Carries out a write; call it inside `store.write`.
 * @returns the row as it is now; undefined after a delete.
 * @throws TableError when table, entity or condition are against it.
 */
export function applyWrite(
  store: EntityStore,
  times: ChangeTimes,
  write: EntityWrite,
): EntityRow | undefined {
  const table = store.tableId(write.table);
  if (table === undefined) throw tableErrors.tableNotFound(write.table);
  if (write.kind === 'insert') {
    const row = newRow(write.key, write.properties, times.next());
    if (!store.insert(table, row)) throw tableErrors.entityAlreadyExists();
    return row;
  }
  const stored = store.get(table, write.key);
  if (write.ifMatch !== undefined) {
    if (!stored) throw tableErrors.resourceNotFound();
    if (write.ifMatch !== '*' && write.ifMatch !== etagOf(stored.changedUs)) {
      throw tableErrors.conditionNotSatisfied();
    }
  }
  if (write.kind === 'delete') {
    store.delete(table, write.key);
    return undefined;
  }
  const properties =
    write.kind === 'merge' && stored
      ? mergeProperties(parseRecord(stored.properties), write.properties)
      : write.properties;
  const row = newRow(write.key, properties, times.next(stored?.changedUs));
  if (stored) store.update(table, row);
  else store.insert(table, row);
  return row;
}

function newRow(key: EntityKey, properties: WireRecord, changedUs: number): EntityRow {
  checkEntity(key, properties);
  return { ...key, changedUs, properties: JSON.stringify(properties) };
}
