import { isInt32, scalarOf, TYPE_SUFFIX, valueText, type WireRecord, type WireValue } from './edm';
import type { EntityRow } from './entity-store';
import { etagOf, timestampOf } from './entity-time';
import type { Lookup } from './filter';

/** How much OData metadata the caller asked for in `Accept` or `$format`. */
export type Metadata = 'none' | 'minimal' | 'full';

export interface JsonContext {
  metadata: Metadata;
  /** `http://host:port/account`. */
  baseUrl: string;
  account: string;
  /** Table name as in the request. */
  table: string;
  /** Names of `$select`, or undefined for all. */
  select?: ReadonlySet<string>;
}

/** The path of an entity, with quotes doubled: `t(PartitionKey='a',RowKey='b')`. */
export function entityPath(table: string, row: { partitionKey: string; rowKey: string }): string {
  const quoted = (key: string): string => encodeURI(key.replaceAll("'", "''"));
  return `${table}(PartitionKey='${quoted(row.partitionKey)}',RowKey='${quoted(row.rowKey)}')`;
}

/** An entity as the body of a get or insert. */
export function entityBody(row: EntityRow, context: JsonContext): string {
  const head =
    context.metadata === 'none'
      ? ''
      : `"odata.metadata":${JSON.stringify(`${context.baseUrl}/$metadata#${context.table}/@Element`)}`;
  return `{${join(head, entityMembers(row, context))}}`;
}

/** A page of a query. */
export function pageBody(rows: readonly EntityRow[], context: JsonContext): string {
  const head =
    context.metadata === 'none'
      ? ''
      : `"odata.metadata":${JSON.stringify(`${context.baseUrl}/$metadata#${context.table}`)}`;
  const entities = rows.map((row) => `{${entityMembers(row, context)}}`);
  return `{${join(head, `"value":[${entities.join(',')}]`)}}`;
}

function join(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(',');
}

function entityMembers(row: EntityRow, context: JsonContext): string {
  return join(annotations(row, context), systemMembers(row, context), ownMembers(row, context));
}

function annotations(row: EntityRow, { metadata, baseUrl, account, table }: JsonContext): string {
  if (metadata === 'none') return '';
  const etag = `"odata.etag":${JSON.stringify(etagOf(row.changedUs))}`;
  if (metadata === 'minimal') return etag;
  const path = entityPath(table, row);
  return join(
    `"odata.type":${JSON.stringify(`${account}.${table}`)}`,
    `"odata.id":${JSON.stringify(`${baseUrl}/${path}`)}`,
    etag,
    `"odata.editLink":${JSON.stringify(path)}`,
  );
}

function systemMembers(row: EntityRow, { metadata, select }: JsonContext): string {
  const wanted = (name: string): boolean => select === undefined || select.has(name);
  return join(
    wanted('PartitionKey') ? `"PartitionKey":${JSON.stringify(row.partitionKey)}` : '',
    wanted('RowKey') ? `"RowKey":${JSON.stringify(row.rowKey)}` : '',
    wanted('Timestamp') && metadata === 'full' ? '"Timestamp@odata.type":"Edm.DateTime"' : '',
    wanted('Timestamp') ? `"Timestamp":"${timestampOf(row.changedUs)}"` : '',
  );
}

function ownMembers(row: EntityRow, { metadata, select }: JsonContext): string {
  // The stored text is the answer to nearly every read: parse it only when something has to be left out, added or spelt anew.
  if (metadata === 'minimal' && select === undefined && !row.properties.includes('"Edm.Double"')) {
    return row.properties.slice(1, -1);
  }
  const record = parseRecord(row.properties);
  const members: string[] = [];
  for (const name of Object.keys(record)) {
    const value = record[name];
    if (value === undefined || name.endsWith(TYPE_SUFFIX) || (select && !select.has(name))) continue;
    const type = annotationOf(record, name, value, metadata);
    if (type !== undefined) members.push(`${JSON.stringify(name + TYPE_SUFFIX)}:"${type}"`);
    members.push(`${JSON.stringify(name)}:${valueText(value, record[name + TYPE_SUFFIX])}`);
  }
  return members.join(',');
}

function annotationOf(
  record: WireRecord,
  name: string,
  value: WireValue,
  metadata: Metadata,
): WireValue | undefined {
  if (metadata === 'none') return undefined;
  const stored = record[name + TYPE_SUFFIX];
  if (typeof value !== 'number') return stored;
  // Only full metadata names a double; the types that JSON tells (text, boolean, Int32) are never named.
  const isDouble = stored === 'Edm.Double' || !isInt32(value);
  return metadata === 'full' && isDouble ? 'Edm.Double' : undefined;
}

/** Stored properties as a record without prototype. */
export function parseRecord(properties: string): WireRecord {
  return Object.assign(Object.create(null) as WireRecord, JSON.parse(properties) as WireRecord);
}

/** What a filter sees of a row; the properties are parsed only when the filter asks for one that is no key. */
export function lookupOf(row: EntityRow): Lookup {
  let record: WireRecord | undefined;
  return (name) => {
    if (name === 'PartitionKey') return { kind: 'string', value: row.partitionKey };
    if (name === 'RowKey') return { kind: 'string', value: row.rowKey };
    if (name === 'Timestamp') return { kind: 'datetime', value: BigInt(row.changedUs) * 10n };
    record ??= parseRecord(row.properties);
    return scalarOf(record, name);
  };
}
