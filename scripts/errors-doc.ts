import { writeFileSync } from 'node:fs';
import type { CatalogueEntry } from '../contracts/error-entry';
import { requestErrors } from '../contracts/request-errors';
import { runErrors } from '../contracts/run-errors';

/*
 * Writes docs/errors.md from the error catalogue, from the product's folder: `npm run build && node dist/scripts/errors-doc.js`.
 * test/docs/errors.test.ts fails when the two differ.
 */

/** Text of docs/errors.md. */
export function errorsDocument(): string {
  return [
    '# Errors',
    '',
    '<!-- Written by scripts/errors-doc.ts from contracts/: change the catalogue, not this file. -->',
    '',
    'Every error has a stable code, says what is wrong and how to mend it. An HTTP request that fails is answered with',
    '`application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, `code`, `remedy`, `errors` (the places that are',
    'wrong: `path` and `message`) and `traceId` (names the request in the log of the host). A run that fails carries `code`,',
    '`message`, sometimes `subCode` (a narrower reason) and `details`.',
    '',
    'Kinds: **user** – mend the request, the flow or the machine; **transient** – the same may succeed later; **system** – our fault.',
    'Codes marked + are additions of Attendant to those of the system it follows.',
    '',
    '## Errors that a run can end with',
    '',
    ...section(runErrors),
    '## Errors that answer a request',
    '',
    ...section(requestErrors),
  ].join('\n');
}

function section(entries: Record<string, CatalogueEntry>): string[] {
  return Object.entries(entries).flatMap(([code, { status, kind, message, remedy, ours }]) => [
    `### ${code}${ours ? ' +' : ''}`,
    '',
    `${status} · ${kind}`,
    '',
    `> ${message}`,
    '',
    remedy,
    '',
  ]);
}

if (require.main === module) {
  writeFileSync('docs/errors.md', errorsDocument());
}
