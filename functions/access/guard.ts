import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { Ports } from '../../adapters/ports';
import { roleTitles, type Role } from '../../contracts/access';
import { ruleOf, type FunctionOfPeople } from '../../domain/access/functions-of-people';
import { mayDo, reachOf, type Permission } from '../../domain/access/permissions';
import { callerOf, type Caller } from '../caller';
import { answer, traceIdOf, type Orchestrations } from '../http';
import { RequestError } from '../problem';
import { runNotFound } from '../runs/find-run';
import { auditEntryOf } from './audit-entry';
import { runOfCaller } from './run-of-caller';

const ANY_OF = new Intl.ListFormat('en-GB', { type: 'disjunction' });

type Guarding = Pick<Ports, 'runs' | 'audit' | 'now'>;

interface Asked {
  name: FunctionOfPeople;
  request: HttpRequest;
  context: InvocationContext;
  /** Of functions that can ask orchestrations. */
  client?: Orchestrations;
}

/**
 * Stands before every function of people (row L8): `act` is called for whoever may do what the function does, and what changed something, or
 * was to, goes into the audit log before the answer leaves.
 */
export function guard(
  ports: Guarding,
  asked: Asked,
  act: () => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const { request, context } = asked;
  return answer(context, async () => {
    const caller = callerOf(request);
    const response = await answer(context, async () => {
      await requirePermission(ports, asked, caller);
      return act();
    });
    if (request.method !== 'GET' && request.method !== 'HEAD') await keep(ports, asked, caller, response);
    return response;
  });
}

/** @throws RequestError NotAllowed, and RunNotFound for a run that is not there for this caller. */
async function requirePermission(
  ports: Guarding,
  { name, request, client }: Asked,
  caller: Caller,
): Promise<void> {
  const { needs } = ruleOf(name);
  const run = request.params['run'] ?? '';
  const asksWhose = reachOf(caller.role, needs) === 'own';
  const whose = asksWhose ? await runOfCaller(ports, client, { run, caller: caller.name }) : 'nobody';
  const judged = mayDo(caller.role, needs, whose);
  if (judged.kind === 'hidden') throw runNotFound(run);
  if (judged.kind === 'refused') {
    throw new RequestError('NotAllowed', { detail: refusal(name, caller, judged.roles) });
  }
}

function refusal(name: FunctionOfPeople, { name: who, role }: Caller, roles: readonly Role[]): string {
  const { does = 'see that', needs } = ruleOf(name);
  const able = ANY_OF.format(roles.map((one) => roleTitles[one]));
  const unless = reachOf(role, needs) === 'own' ? ' that somebody else has started' : '';
  return `${who} has the role ${roleTitles[role]} and may not ${does}${unless}; ${able} may. An owner gives roles.`;
}

/** What was done is done: an entry that cannot be written does not make an error of it. */
async function keep(
  ports: Guarding,
  { name, request, context }: Asked,
  caller: Caller,
  response: HttpResponseInit,
): Promise<void> {
  const traceId = traceIdOf(context);
  const { status, headers } = response;
  const location = new Headers(headers).get('location') ?? undefined;
  const entry = auditEntryOf({ name, request, caller, traceId, nowMs: ports.now() }, { status, location });
  try {
    await ports.audit.record(entry);
  } catch (cause) {
    context.error(`The audit log lacks an entry: ${JSON.stringify(entry)}`, cause);
  }
}

/** Whose runs a list shows to this caller: undefined for everybody's (row L8). */
export function ownRunsOnly(request: HttpRequest): string | undefined {
  const { name, role } = callerOf(request);
  const needs: Permission = 'seeRuns';
  return reachOf(role, needs) === 'own' ? name : undefined;
}
