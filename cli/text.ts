/** Width that every table fits into. */
export const WIDTH = 80;

export interface Column<T> {
  title: string;
  of: (row: T) => string | undefined;
  /** May be cut short to make the table fit; one column of a table at most. */
  flexible?: boolean;
}

/** A table of text in at most 80 columns. */
export function table<T>(columns: Column<T>[], rows: readonly T[]): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.of(row) ?? '')));
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const over = widths.reduce((sum, width) => sum + width + 2, -2) - WIDTH;
  const flexible = columns.findIndex((column) => column.flexible);
  const wide = widths[flexible];
  if (over > 0 && wide !== undefined) widths[flexible] = Math.max(wide - over, 8);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => fit(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...cells.map(line)].join('\n');
}

/** Names and values below each other; what has no value is left out. */
export function details(pairs: readonly (readonly [name: string, value: string | undefined])[]): string {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** An instant for people: local time, or UTC with a Z. */
export function instant(iso: string | undefined, utc: boolean): string | undefined {
  if (iso === undefined) return undefined;
  const date = new Date(iso);
  if (utc) return `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

/** A span of time for people, such as `850 ms`, `12.3 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

/** Bytes for people. */
export function bytes(count: number): string {
  if (count < 1_024) return `${count} B`;
  if (count < 1_048_576) return `${(count / 1_024).toFixed(1)} KiB`;
  return `${(count / 1_048_576).toFixed(1)} MiB`;
}

function fit(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}

/** Control characters could move the cursor or end the line. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it replaces
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
