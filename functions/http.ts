import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { isTransient } from '../adapters/transient';
import { problemResponse, RequestError } from './problem';

/** A handler for `app.http`. */
export type Handler = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

/** The part of the Durable client that handlers use. */
export type Orchestrations = Pick<DurableClient, 'startNew' | 'getStatus' | 'raiseEvent' | 'readEntityState'>;

/** A handler that is given the Durable client. */
export type DurableHandler = (
  request: HttpRequest,
  client: Orchestrations,
  context: InvocationContext,
) => Promise<HttpResponseInit>;

/** The wrapper of every HTTP function: whatever goes wrong is answered as problem+json that tells nothing of the inside. */
export function http(act: (request: HttpRequest) => Promise<HttpResponseInit>): Handler {
  return (request, context) => answer(context, () => act(request));
}

/** As `http`, for handlers that start, ask or tell orchestrations. */
export function durableHttp(
  act: (request: HttpRequest, client: Orchestrations) => Promise<HttpResponseInit>,
): DurableHandler {
  return (request, client, context) => answer(context, () => act(request, client));
}

/** An answer with a JSON body. */
export function json(body: object, status = 200, headers: Record<string, string> = {}): HttpResponseInit {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  };
}

/** The id by which the request is found in the log. */
export function traceIdOf(context: InvocationContext): string {
  return context.traceContext?.traceParent?.split('-')[1] ?? context.invocationId;
}

/** What `act` answers; whatever goes wrong in it as problem+json. */
export async function answer(
  context: InvocationContext,
  act: () => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const traceId = traceIdOf(context);
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof RequestError) return problemResponse(cause, traceId);
    context.error(`${context.functionName} failed (trace id ${traceId})`, cause);
    return problemResponse(new RequestError(isTransient(cause) ? 'Unavailable' : 'Internal'), traceId);
  }
}
