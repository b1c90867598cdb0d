import type { HttpMethod } from '@azure/functions';
import type { DurableOrchestrationStatus } from 'durable-functions';
import type { Orchestrations } from '../../functions/http';
import { call, callDurable, type Answer, type Call } from '../functions/api';
import type { AppRig } from './app-rig';
import { apiRoutes } from './api-routes';

/** The Durable client over the rig's engine, answering as the real one does. */
export function rigClient(rig: AppRig): Orchestrations {
  const notFound = (): Error =>
    new Error('DurableClient error: Durable Functions extension replied with HTTP 404 response. ');
  return {
    startNew: async (name, options = {}) => {
      const { instanceId, input } = options;
      const started = await rig.engine.start({
        name,
        input: JSON.stringify(input),
        ...(instanceId === undefined ? {} : { instanceId }),
      });
      if (!started.ok) throw new Error('Durable Functions extension replied with HTTP 409 response.');
      return started.instanceId;
    },
    getStatus: async (instanceId) => {
      const found = await rig.engine.get(instanceId);
      if (!found) throw notFound();
      const parse = (text: string | undefined): unknown => (text === undefined ? null : JSON.parse(text));
      return {
        instanceId,
        name: '',
        runtimeStatus: found.runtimeStatus as DurableOrchestrationStatus['runtimeStatus'],
        input: parse(found.input),
        output: parse(found.output),
        customStatus: parse(found.customStatus),
        createdTime: new Date(rig.clock.now()),
        lastUpdatedTime: new Date(rig.clock.now()),
      };
    },
    raiseEvent: async (instanceId, event, data) => {
      if ((await rig.instances.raise(instanceId, event, data)) === 'unknown') throw notFound();
    },
    readEntityState: async <T>({ name, key }: { name: string; key: string }) => {
      const state = await rig.instances.readEntity(name, key);
      return state === undefined ? { entityExists: false } : { entityExists: true, entityState: state as T };
    },
  };
}

/** One HTTP request to the functions over the rig: the answer, once all that it caused is worked off. */
export async function api(
  rig: AppRig,
  method: HttpMethod,
  path: string,
  body?: unknown,
  more: Pick<Call, 'headers' | 'query'> = {},
): Promise<Answer> {
  const segments = path.split('/');
  for (const route of apiRoutes(rig.ports)) {
    const params = match(route.path.split('/'), segments);
    if (route.method !== method || !params) continue;
    const request: Call = {
      method,
      path: `/api/${path}`,
      params,
      ...more,
      ...(body === undefined ? {} : { body }),
    };
    const answer = await ('durable' in route
      ? callDurable(route.durable, rigClient(rig), request)
      : call(route.plain, request));
    await rig.idle();
    return answer;
  }
  throw new Error(`no route for ${method} ${path}`);
}

function match(route: string[], path: string[]): Record<string, string> | undefined {
  if (route.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of route.entries()) {
    const given = path[i] ?? '';
    if (segment.startsWith('{')) params[segment.slice(1, -1)] = given;
    else if (segment !== given) return undefined;
  }
  return params;
}
