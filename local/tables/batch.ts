import { randomUUID } from 'node:crypto';
import { tableErrors } from './table-error';

/** One request inside a transaction. Header names are in lower case. */
export interface BatchPart {
  method: string;
  /** Path and query below the account, still encoded. */
  url: string;
  headers: ReadonlyMap<string, string>;
  body: string;
}

/** One answer inside a transaction's answer. */
export interface BatchAnswer {
  status: number;
  reason: string;
  headers: Record<string, string>;
  body?: string;
}

/** Limit of the service ("Performing entity group transactions"). */
const MAX_PARTS = 100;

/**
 * Takes a `multipart/mixed` transaction apart: one change set, each part one HTTP request.
 * @throws TableError InvalidInput for what is no such body or has more than 100 parts.
 */
export function parseBatch(contentType: string, body: string, account: string): BatchPart[] {
  const outer = splitParts(body, boundaryOf(contentType));
  const changeSet = outer[0];
  if (outer.length !== 1 || changeSet === undefined) {
    throw tableErrors.invalidInput('A batch has exactly one change set; queries in a batch are not offered.');
  }
  const { headers, rest } = splitHeaders(changeSet);
  const parts = splitParts(rest, boundaryOf(headers.get('content-type') ?? ''));
  if (parts.length === 0) throw tableErrors.invalidInput('The change set is empty.');
  if (parts.length > MAX_PARTS) {
    throw tableErrors.invalidInput(
      `The batch request operation exceeds the maximum ${MAX_PARTS} changes per change set.`,
    );
  }
  return parts.map((part) => parsePart(part, account));
}

/** The transaction's answer as a multipart body. A failed one holds the one answer that says why. */
export function formatBatch(answers: readonly BatchAnswer[]): { contentType: string; body: string } {
  const [batch, changeSet] = [`batchresponse_${randomUUID()}`, `changesetresponse_${randomUUID()}`];
  const lines = [`--${batch}`, `Content-Type: multipart/mixed; boundary=${changeSet}`, ''];
  for (const { status, reason, headers, body } of answers) {
    lines.push(`--${changeSet}`, 'Content-Type: application/http', 'Content-Transfer-Encoding: binary', '');
    lines.push(`HTTP/1.1 ${status} ${reason}`);
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    lines.push('', body ?? '');
  }
  lines.push(`--${changeSet}--`, `--${batch}--`, '');
  return { contentType: `multipart/mixed; boundary=${batch}`, body: lines.join('\r\n') };
}

function boundaryOf(contentType: string): string {
  const match = /^multipart\/mixed;\s*boundary="?([^";]+)"?/i.exec(contentType);
  if (!match?.[1]) {
    throw tableErrors.invalidInput(`Content-Type '${contentType}' is not multipart/mixed with a boundary.`);
  }
  return match[1];
}

function splitParts(text: string, boundary: string): string[] {
  const pieces = `\r\n${text.replace(/\r?\n/g, '\r\n')}`.split(`\r\n--${boundary}`);
  const end = pieces.findIndex((piece) => piece.startsWith('--'));
  if (end < 1) throw tableErrors.invalidInput(`The multipart body has no end: --${boundary}-- is missing.`);
  return pieces.slice(1, end);
}

function splitHeaders(text: string): { headers: Map<string, string>; rest: string } {
  const trimmed = text.replace(/^(?:\r\n)+/, '');
  const end = trimmed.indexOf('\r\n\r\n');
  const lines = (end < 0 ? trimmed : trimmed.slice(0, end)).split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, rest: end < 0 ? '' : trimmed.slice(end + 4) };
}

function parsePart(part: string, account: string): BatchPart {
  const request = splitHeaders(part).rest.replace(/^(?:\r\n)+/, '');
  const match = /^([A-Z]+) (\S+) HTTP\/1\.1(?:\r\n|$)/.exec(request);
  if (!match) throw tableErrors.invalidInput('A part of the change set is no HTTP request.');
  const [line, method = '', target = ''] = match;
  // Without headers the text after the request line starts with the empty line that ends them.
  const afterLine = request.slice(line.length);
  const { headers, rest } = afterLine.startsWith('\r\n')
    ? { headers: new Map<string, string>(), rest: afterLine }
    : splitHeaders(afterLine);
  const path = target.replace(/^https?:\/\/[^/]+/, '');
  const prefix = `/${account}/`;
  return {
    method,
    url: path.startsWith(prefix) ? path.slice(prefix.length) : path.replace(/^\//, ''),
    headers,
    body: rest.trim(),
  };
}
