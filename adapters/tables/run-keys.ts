import type { Key } from './table';

/** Crockford's base 32, the digits of a ULID, in their order. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Partition that names the months that have runs (row = month). */
export const MONTHS_PARTITION = 'months';

/** Cloud-flow runs: partition `2026-11` (month of the ULID), row = the ULID inverted, so that the newest comes first. */
export function cloudRunKey(run: string): Key {
  const ms = Array.from(run.slice(0, 10)).reduce((sum, digit) => sum * 32 + DIGITS.indexOf(digit), 0);
  return { partition: new Date(ms).toISOString().slice(0, 7), row: invert(run) };
}

/**
 * Desktop-flow runs: partition = the cloud-flow run, row = the number of the scheduling in six digits, after those of the parts of the
 * run that it belongs to: `<run>.2-1` is row `000002.000001`.
 */
export function desktopRunKey(run: string): Key {
  const [parent = '', ...numbers] = run.split(/[.-]/);
  return { partition: parent, row: numbers.map((n) => n.padStart(6, '0')).join('.') };
}

export function runKey(run: string): Key {
  return run.includes('-') ? desktopRunKey(run) : cloudRunKey(run);
}

function invert(ulid: string): string {
  return Array.from(ulid, (digit) => DIGITS[DIGITS.length - 1 - DIGITS.indexOf(digit)]).join('');
}
