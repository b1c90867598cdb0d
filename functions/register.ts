import type { HttpHandler, HttpMethod, InvocationContext } from '@azure/functions';
import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { clientOf } from '../adapters/instances';
import type { Activities } from '../orchestrators/call-activity';
import type { DurableHandler } from './http';

/*
 * How app.ts declares functions: in one line each, with the security that every one has unless it says otherwise.
 */

/** The binding of functions that start, ask or tell orchestrations. */
export const durableClient = df.input.durableClient();

type AuthLevel = 'function' | 'anonymous';

/** Asks for a function key (or on Azure, an identity) unless `authLevel` says otherwise. */
export function http(
  name: string,
  method: HttpMethod,
  route: string,
  handler: HttpHandler,
  authLevel: AuthLevel = 'function',
): void {
  app.http(name, { methods: [method], route, authLevel, handler });
}

/** For agents: no key, the handler checks the machine's signature. */
export function signedHttp(name: string, method: HttpMethod, route: string, handler: HttpHandler): void {
  http(name, method, route, handler, 'anonymous');
}

/** As `http`, for handlers that start, ask or tell orchestrations. */
export function durableHttp(
  name: string,
  method: HttpMethod,
  route: string,
  handler: DurableHandler,
  authLevel: AuthLevel = 'function',
): void {
  app.http(name, {
    methods: [method],
    route,
    authLevel,
    extraInputs: [durableClient],
    handler: (request, context) => handler(request, clientOf(context), context),
  });
}

/** An activity under the name and of the shape that orchestrations call it by. */
export function activity<Name extends keyof Activities>(name: Name, handler: Activities[Name]): void {
  df.app.activity(name, {
    handler: handler as (input: unknown, context: InvocationContext) => unknown,
  });
}

/** As `activity`, for those that tell or ask orchestrations. */
export function durableActivity<Name extends keyof Activities>(name: Name, handler: Activities[Name]): void {
  df.app.activity(name, {
    extraInputs: [durableClient],
    handler: handler as (input: unknown, context: InvocationContext) => unknown,
  });
}
