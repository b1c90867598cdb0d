import type { HttpRequest } from '@azure/functions';
import type { AuditEntry } from '../../contracts/audit';
import { ruleOf, type FunctionOfPeople } from '../../domain/access/functions-of-people';
import type { Caller } from '../caller';
import { fieldsOf } from '../request-body';

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
  const fields = fieldsOf(request)
    .slice(0, MOST_FIELDS)
    .map((field) => field.slice(0, LONGEST));
  return {
    at: new Date(nowMs).toISOString(),
    by: caller.name,
    role: caller.role,
    function: name,
    what: ruleOf(name).does ?? name,
    target: { ...request.params, ...startedRun(request, answer.location) },
    path: new URL(request.url).pathname,
    status: answer.status ?? 200,
    ...(fields.length === 0 ? {} : { fields }),
    traceId,
  };
}

/** A new run is not in the address; where to look for it is in the answer. */
function startedRun({ params }: HttpRequest, location: string | undefined): { started?: string } {
  const run = /^\/api\/runs\/([^/]+)$/.exec(location ?? '')?.[1];
  return run === undefined || run === params['run'] ? {} : { started: run };
}
