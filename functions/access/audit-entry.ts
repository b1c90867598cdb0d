import type { HttpRequest } from '@azure/functions';
import type { AuditEntry } from '../../contracts/audit';
import { ruleOf, type FunctionOfPeople } from '../../domain/access/functions-of-people';
import type { Caller } from '../caller';
import { notesOf } from './audit-notes';

/** Names come from the caller, so there are not any number of them, of any length. */
const MOST_FIELDS = 50;
const LONGEST = 64;

interface Asked {
  name: FunctionOfPeople;
  request: HttpRequest;
  caller: Caller;
  traceId: string;
  nowMs: number;
}

/** What is kept of a request (row L8): the address without its query, and names from the body. Values stay out: any of them may be a secret. */
export function auditEntryOf(
  { name, request, caller, traceId, nowMs }: Asked,
  answer: { status?: number | undefined; location?: string | undefined },
): AuditEntry {
  const notes = notesOf(request);
  const fields = notes.fields.slice(0, MOST_FIELDS).map((field) => field.slice(0, LONGEST));
  return {
    at: new Date(nowMs).toISOString(),
    by: caller.name,
    role: caller.role,
    function: name,
    what: ruleOf(name).does ?? name,
    target: { ...request.params, ...notes.target, ...madeBy(request, answer) },
    path: new URL(request.url).pathname,
    status: answer.status ?? 200,
    ...(fields.length === 0 ? {} : { fields }),
    traceId,
  };
}

/** What is new is not in the address; where to look for it is in the answer. */
function madeBy(
  { params }: HttpRequest,
  { status, location = '' }: Parameters<typeof auditEntryOf>[1],
): Record<string, string> {
  const run = /^\/api\/runs\/([^/]+)$/.exec(location)?.[1];
  if (run !== undefined) return run === params['run'] ? {} : { started: run };
  return status === 201 && location !== '' ? { created: location.slice(location.lastIndexOf('/') + 1) } : {};
}
