import type { Columns } from './table';

/** A text column holds at most 32 Ki UTF-16 units; longer text goes on in `name1`, `name2` … */
const COLUMN_LENGTH = 32_000;

/** Columns that hold `text`, however long (a row holds 1 MiB). */
export function textColumns(name: string, text: string): Columns {
  const columns: Columns = {};
  for (let part = 0, at = 0; part === 0 || at < text.length; part += 1, at += COLUMN_LENGTH) {
    columns[part === 0 ? name : `${name}${part}`] = text.slice(at, at + COLUMN_LENGTH);
  }
  return columns;
}

/** The text that `textColumns` wrote, or undefined when the row has none. */
export function optionalText(columns: Columns, name: string): string | undefined {
  const first = columns[name];
  if (typeof first !== 'string') return undefined;
  let text = first;
  for (let part = 1; typeof columns[`${name}${part}`] === 'string'; part += 1)
    text += String(columns[`${name}${part}`]);
  return text;
}

/** @throws Error naming the column when it does not hold text. */
export function requireText(columns: Columns, name: string): string {
  const text = optionalText(columns, name);
  if (text === undefined) throw new Error(`a row has no text in column ${name}`);
  return text;
}

/** @throws Error naming the column when it does not hold a number. */
export function requireNumber(columns: Columns, name: string): number {
  const value = columns[name];
  if (typeof value !== 'number') throw new Error(`a row has no number in column ${name}`);
  return value;
}

export function optionalNumber(columns: Columns, name: string): number | undefined {
  const value = columns[name];
  return typeof value === 'number' ? value : undefined;
}

/** ms since the epoch as ISO 8601 text. */
export function instantColumn(ms: number): string {
  return new Date(ms).toISOString();
}

/** @throws Error naming the column when it does not hold an instant. */
export function requireInstant(columns: Columns, name: string): number {
  const ms = Date.parse(requireText(columns, name));
  if (Number.isNaN(ms)) throw new Error(`a row has no instant in column ${name}`);
  return ms;
}

export function optionalInstant(columns: Columns, name: string): number | undefined {
  return columns[name] === undefined ? undefined : requireInstant(columns, name);
}
