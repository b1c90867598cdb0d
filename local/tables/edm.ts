import { tableErrors } from './table-error';

/** A property as it travels and as it is stored: JSON value, with `name@odata.type` beside it when JSON is not enough. */
export type WireValue = string | number | boolean;
export type WireRecord = Record<string, WireValue>;

/** A value that a filter can compare. Instants are ticks of 100 ns since the epoch, binary is lower-case hex. */
export type Scalar =
  | { kind: 'string' | 'guid' | 'binary'; value: string }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'number'; value: number | bigint }
  | { kind: 'datetime'; value: bigint };

export const TYPE_SUFFIX = '@odata.type';

/** Midnight, January 1, 1601 UTC: the first instant that an Edm.DateTime can hold. */
const FIRST_INSTANT = BigInt(Date.UTC(1601, 0, 1)) * 10_000n;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const INSTANT = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?$/;
const NOT_FINITE = new Set(['NaN', 'Infinity', '-Infinity']);

/** Whether `value` is a 32-bit integer: what an unannotated JSON integer is taken for. */
export function isInt32(value: number): boolean {
  return (value | 0) === value;
}

/** Ticks of 100 ns since the epoch, or undefined for what is no instant. Without an offset it is UTC. */
export function parseInstant(text: string): bigint | undefined {
  const match = INSTANT.exec(text);
  if (!match) return undefined;
  const [, day, time = '00:00', fraction = '', zone = 'Z'] = match;
  const wholeMs = Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}${zone}`);
  if (Number.isNaN(wholeMs)) return undefined;
  return BigInt(wholeMs) * 10_000n + BigInt(fraction.padEnd(7, '0').slice(0, 7));
}

/** The canonical form of an instant: UTC, up to seven decimals, no trailing zeros. */
export function formatInstant(ticks: bigint): string {
  const fraction = ((ticks % 10_000_000n) + 10_000_000n) % 10_000_000n;
  const seconds = new Date(Number((ticks - fraction) / 10_000n)).toISOString().slice(0, 19);
  const digits = fraction.toString().padStart(7, '0').replace(/0+$/, '');
  return digits === '' ? `${seconds}Z` : `${seconds}.${digits}Z`;
}

/**
 * One property as sent, checked and in canonical form.
 * @returns value and the annotation to keep (undefined when the JSON value says it all).
 * @throws TableError InvalidInput when value and type do not go together; OutOfRangeInput for an instant before 1601.
 */
export function readProperty(
  name: string,
  value: unknown,
  type: unknown,
): { value: WireValue; type?: string } {
  const wrong = (): Error =>
    tableErrors.invalidInput(`Property '${name}': the value does not suit its type ${String(type)}.`);
  switch (type) {
    case undefined:
      if (typeof value === 'string' || typeof value === 'boolean') return { value };
      if (typeof value !== 'number') throw wrong();
      // A JSON integer beyond 32 bits is a double, as in the service's reader; 64-bit integers come as annotated strings.
      return Number.isInteger(value) && !isInt32(value) ? { value, type: 'Edm.Double' } : { value };
    case 'Edm.String':
      if (typeof value !== 'string') throw wrong();
      return { value };
    case 'Edm.Boolean':
      if (typeof value !== 'boolean') throw wrong();
      return { value };
    case 'Edm.Int32':
      if (typeof value !== 'number' || !isInt32(value)) throw wrong();
      return { value };
    case 'Edm.Double':
      return readDouble(value, wrong);
    case 'Edm.Int64':
      return { value: readInt64(value, wrong), type };
    case 'Edm.DateTime': {
      const ticks = typeof value === 'string' ? parseInstant(value) : undefined;
      if (ticks === undefined) throw wrong();
      if (ticks < FIRST_INSTANT) {
        throw tableErrors.outOfRange(`The '${name}' parameter of value '${String(value)}' is out of range.`);
      }
      return { value: formatInstant(ticks), type };
    }
    case 'Edm.Guid':
      if (typeof value !== 'string' || !GUID.test(value)) throw wrong();
      return { value: value.toLowerCase(), type };
    case 'Edm.Binary':
      if (typeof value !== 'string' || !BASE64.test(value)) throw wrong();
      return { value, type };
    default:
      throw wrong();
  }
}

function readDouble(value: unknown, wrong: () => Error): { value: WireValue; type?: string } {
  if (typeof value === 'string' && NOT_FINITE.has(value)) return { value, type: 'Edm.Double' };
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw wrong();
  return Number.isInteger(number) ? { value: number, type: 'Edm.Double' } : { value: number };
}

function readInt64(value: unknown, wrong: () => Error): string {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || !/^[+-]?\d{1,19}$/.test(text)) throw wrong();
  const number = BigInt(text.replace('+', ''));
  if (number < INT64_MIN || number > INT64_MAX) throw wrong();
  return number.toString();
}

/** A stored property for comparison; undefined when the entity has none of that name. */
export function scalarOf(record: WireRecord, name: string): Scalar | undefined {
  const value = record[name];
  if (value === undefined) return undefined;
  if (typeof value === 'boolean') return { kind: 'boolean', value };
  if (typeof value === 'number') return { kind: 'number', value };
  switch (record[`${name}${TYPE_SUFFIX}`]) {
    case 'Edm.Int64':
      return { kind: 'number', value: BigInt(value) };
    case 'Edm.Double':
      return { kind: 'number', value: Number(value) };
    case 'Edm.DateTime':
      return { kind: 'datetime', value: parseInstant(value) ?? 0n };
    case 'Edm.Guid':
      return { kind: 'guid', value };
    case 'Edm.Binary':
      return { kind: 'binary', value: Buffer.from(value, 'base64').toString('hex') };
    default:
      return { kind: 'string', value };
  }
}

/**
 * A value as JSON text. A double without fraction is written `5.0`: clients take a number without point for an Int32, and an
 * annotated double for one of the texts `NaN`, `Infinity`, `-Infinity`.
 */
export function valueText(value: WireValue, type: WireValue | undefined): string {
  const text = JSON.stringify(value);
  return type === 'Edm.Double' && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Bytes that the service counts for a value of this wire form. */
export function sizeOf(value: WireValue, type: WireValue | undefined): number {
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'number') return type === undefined && isInt32(value) ? 4 : 8;
  if (type === 'Edm.Guid') return 16;
  if (type === 'Edm.Binary') return 4 + Buffer.byteLength(value, 'base64');
  return type === undefined ? 4 + value.length * 2 : 8;
}
