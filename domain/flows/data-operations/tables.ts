import { requireLength } from '../../expressions/values';

interface Cells {
  /** Absent: the table has no line of headers. */
  headers: readonly string[] | undefined;
  rows: readonly (readonly string[])[];
}

/** A table as RFC 4180 writes it: each line ends with CR LF; what has a comma, a quote or a line break in it is quoted. */
export function csvTable({ headers, rows }: Cells): string {
  const line = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\r\n`;
  return whole([...(headers && headers.length > 0 ? [headers] : []), ...rows].map(line));
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A table of HTML. What the cells say is text there, whatever stands in it. */
export function htmlTable({ headers, rows }: Cells): string {
  const line = (tag: 'th' | 'td', cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const head = headers ? `<thead>${line('th', headers)}</thead>` : '';
  return whole(['<table>', head, '<tbody>', ...rows.map((row) => line('td', row)), '</tbody></table>']);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(cell: string): string {
  return cell.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

function whole(parts: readonly string[]): string {
  requireLength(parts.reduce((sum, part) => sum + part.length, 0));
  return parts.join('');
}
