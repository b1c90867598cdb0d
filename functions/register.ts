import type { HttpMethod, InvocationContext } from '@azure/functions';
import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { clientOf } from '../adapters/instances';
import type { Ports } from '../adapters/ports';
import type { FunctionOfPeople } from '../domain/access/functions-of-people';
import type { Activities } from '../orchestrators/call-activity';
import { guard } from './access/guard';
import type { DurableHandler, Handler } from './http';

/*
 * How app.ts declares functions: in one line each, with the security that every one has unless it says otherwise.
 */

/** The binding of functions that start, ask or tell orchestrations. */
export const durableClient = df.input.durableClient();

type Declare<Name extends string, H> = (name: Name, method: HttpMethod, route: string, handler: H) => void;

/**
 * Functions of people: the host asks for a function key, and the guard judges by the caller's role and keeps what was changed (row L8). A name
 * without a rule in domain/access does not compile. `durableHttp` is for handlers that start, ask or tell orchestrations.
 */
export function forPeople(ports: Pick<Ports, 'runs' | 'audit' | 'now'>): {
  http: Declare<FunctionOfPeople, Handler>;
  durableHttp: Declare<FunctionOfPeople, DurableHandler>;
} {
  return {
    http: (name, method, route, handler) =>
      app.http(name, {
        methods: [method],
        route,
        authLevel: 'function',
        handler: (request, context) =>
          guard(ports, { name, request, context }, () => handler(request, context)),
      }),
    durableHttp: (name, method, route, handler) =>
      app.http(name, {
        methods: [method],
        route,
        authLevel: 'function',
        extraInputs: [durableClient],
        handler: (request, context) => {
          const client = clientOf(context);
          return guard(ports, { name, request, context, client }, () => handler(request, client, context));
        },
      }),
  };
}

/** No key and no role: the handler itself checks who calls (a machine's signature, the proof of a source of events), or anybody may. */
export const openHttp: Declare<string, Handler> = (name, method, route, handler) =>
  app.http(name, { methods: [method], route, authLevel: 'anonymous', handler });

/** As `openHttp`, for handlers that start, ask or tell orchestrations. */
export const openDurableHttp: Declare<string, DurableHandler> = (name, method, route, handler) =>
  app.http(name, {
    methods: [method],
    route,
    authLevel: 'anonymous',
    extraInputs: [durableClient],
    handler: (request, context) => handler(request, clientOf(context), context),
  });

/** For agents: no key, the handler checks the machine's signature. */
export const signedHttp: Declare<string, Handler> = (...declared) => openHttp(...declared);

/** As `signedHttp`, for handlers that start, ask or tell orchestrations. */
export const signedDurableHttp: Declare<string, DurableHandler> = (...declared) =>
  openDurableHttp(...declared);

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
