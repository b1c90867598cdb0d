import { readProperty, sizeOf, TYPE_SUFFIX, type WireRecord, type WireValue } from './edm';
import { tableErrors } from './table-error';

/** Limits of the Table service (its page "Understanding the Table service data model"). */
const MAX_PROPERTIES = 252;
const MAX_PROPERTY_BYTES = 64 * 1024;
const MAX_ENTITY_BYTES = 1024 * 1024;
const MAX_KEY_CHARACTERS = 512;
const MAX_NAME_CHARACTERS = 255;

/** Characters that a key may not hold, by the same page. */
// oxlint-disable-next-line no-control-regex -- control characters are what the rule is about
const FORBIDDEN_IN_KEY = /[/\\#?\u0000-\u001f\u007f-\u009f]/;
const NAME = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}\p{Cf}]*$/u;
const SYSTEM = new Set(['PartitionKey', 'RowKey', 'Timestamp']);

/** Where an entity lives. */
export interface EntityKey {
  partitionKey: string;
  rowKey: string;
}

/** @throws TableError OutOfRangeInput or KeyValueTooLarge. */
export function checkKey(key: EntityKey): void {
  for (const [name, value] of [
    ['PartitionKey', key.partitionKey],
    ['RowKey', key.rowKey],
  ] as const) {
    if (value.length > MAX_KEY_CHARACTERS) throw tableErrors.keyTooLarge(name);
    if (FORBIDDEN_IN_KEY.test(value)) {
      throw tableErrors.outOfRange(
        `The '${name}' parameter of value '${value}' is out of range: / \\ # ? and control characters are not allowed.`,
      );
    }
  }
}

/** A number that JSON.parse would take for an integer although it is written as a double: `5.0`, `1e3`. */
const DOUBLE_TEXT = /:\s*-?\d+(?:\.0+\s*[,}]|(?:\.\d+)?[eE])/;
/** JSON.parse with the source text that Node hands to a reviver; the compiler's library does not know it yet. */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (name: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/**
 * A body as an object. A number with a point or exponent gets the annotation Edm.Double when it has none: the service
 * tells doubles from integers by their spelling.
 * @throws TableError InvalidInput when the text is no JSON object.
 */
export function parseBody(text: string): Record<string, unknown> {
  let body: unknown;
  const doubles: Record<string, string> = {};
  try {
    body = DOUBLE_TEXT.test(text)
      ? parseWithSource(text, (name, value, { source }) => {
          if (typeof value === 'number' && /[.eE]/.test(source ?? '')) {
            doubles[`${name}${TYPE_SUFFIX}`] = 'Edm.Double';
          }
          return value;
        })
      : JSON.parse(text);
  } catch (cause) {
    throw tableErrors.invalidInput(
      `The body is no valid JSON: ${cause instanceof Error ? cause.message : ''}`,
    );
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw tableErrors.invalidInput('The body is no JSON object.');
  }
  return { ...doubles, ...body };
}

/** The keys in an insert's body. @throws TableError PropertiesNeedValue, OutOfRangeInput. */
export function keyOf(body: Record<string, unknown>): EntityKey {
  const { PartitionKey: partitionKey, RowKey: rowKey } = body;
  if (partitionKey === undefined || partitionKey === null || rowKey === undefined || rowKey === null) {
    throw tableErrors.propertiesNeedValue();
  }
  if (typeof partitionKey !== 'string' || typeof rowKey !== 'string') {
    throw tableErrors.invalidInput('PartitionKey and RowKey are strings.');
  }
  const key = { partitionKey, rowKey };
  checkKey(key);
  return key;
}

/**
 * The properties of a body in stored form: canonical values, annotations only where needed, nulls, keys, `Timestamp` and
 * `odata.*` left out (the service does not keep a null).
 * @throws TableError for a value, name or size that the service refuses.
 */
export function readProperties(body: Record<string, unknown>): WireRecord {
  const record: WireRecord = Object.create(null) as WireRecord;
  for (const name of Object.keys(body)) {
    if (SYSTEM.has(name) || name.endsWith(TYPE_SUFFIX) || name.startsWith('odata.')) continue;
    const sent = body[name];
    if (sent === null) continue;
    if (name.length > MAX_NAME_CHARACTERS) throw tableErrors.propertyNameTooLong(name);
    if (!NAME.test(name)) throw tableErrors.propertyNameInvalid(name);
    const { value, type } = readProperty(name, sent, body[`${name}${TYPE_SUFFIX}`]);
    if (sizeOf(value, type) > MAX_PROPERTY_BYTES + 4) throw tableErrors.propertyTooLarge(name);
    record[name] = value;
    if (type !== undefined) record[`${name}${TYPE_SUFFIX}`] = type;
  }
  return record;
}

/** `sent` laid over `stored`; a property that changes its type loses its old annotation. */
export function mergeProperties(stored: WireRecord, sent: WireRecord): WireRecord {
  const merged: WireRecord = Object.assign(Object.create(null) as WireRecord, stored);
  for (const name of Object.keys(sent)) {
    if (!name.endsWith(TYPE_SUFFIX)) delete merged[`${name}${TYPE_SUFFIX}`];
  }
  return Object.assign(merged, sent);
}

/** @throws TableError TooManyProperties or EntityTooLarge for the entity as it would be stored. */
export function checkEntity(key: EntityKey, record: WireRecord): void {
  let count = 0;
  let bytes = 4 + (key.partitionKey.length + key.rowKey.length) * 2;
  for (const name of Object.keys(record)) {
    if (name.endsWith(TYPE_SUFFIX)) continue;
    count += 1;
    const value: WireValue = record[name] ?? '';
    bytes += 8 + name.length * 2 + sizeOf(value, record[`${name}${TYPE_SUFFIX}`]);
  }
  if (count > MAX_PROPERTIES) throw tableErrors.tooManyProperties();
  if (bytes > MAX_ENTITY_BYTES) throw tableErrors.entityTooLarge(bytes);
}
