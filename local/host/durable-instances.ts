import type { CommandResult, InstanceQuery } from '../durable/engine-api';
import { type ApiAnswer, compactJson, empty, errorAnswer, isEnded, json, statusBody } from './durable-answer';
import { QueryReader } from './durable-query';
import { type ApiRequest, type DurableApiOptions, continuation } from './durable-request';

export interface InstanceRequests {
  all(request: ApiRequest): Promise<ApiAnswer>;
  one(request: ApiRequest, instanceId: string): Promise<ApiAnswer>;
  command(request: ApiRequest, instanceId: string, command: string): Promise<ApiAnswer>;
  raiseEvent(request: ApiRequest, instanceId: string, eventName: string): Promise<ApiAnswer>;
}

/** `instances/…` of the management API. */
export function instanceRequests(
  { engine }: DurableApiOptions,
  links: { started(request: ApiRequest, instanceId: string): Promise<ApiAnswer> },
): InstanceRequests {
  async function status(request: ApiRequest, instanceId: string): Promise<ApiAnswer> {
    const query = new QueryReader(request.query);
    const history = query.bool('showHistory') ?? false;
    const state = await engine.get(instanceId, {
      history,
      historyOutput: query.bool('showHistoryOutput') ?? false,
    });
    if (!state) return empty(404);
    const body = statusBody(state, { showInput: query.bool('showInput') ?? true });
    if (!isEnded(state.runtimeStatus)) {
      return json(202, body, { Location: request.url, 'Retry-After': '5' });
    }
    const asError = query.bool('returnInternalServerErrorOnFailure') ?? false;
    return json(state.runtimeStatus === 'Failed' && asError ? 500 : 200, body);
  }

  async function list(request: ApiRequest): Promise<ApiAnswer> {
    const page = await engine.query({
      ...filter(new QueryReader(request.query)),
      continuationToken: request.header('x-ms-continuation-token')?.trim() || undefined,
    });
    // The extension does not honour showInput=false in a list.
    const body = `[${page.items.map((state) => statusBody(state, { showInput: true })).join(',')}]`;
    return json(200, body, continuation(request, page.continuationToken));
  }

  async function purgeWhere(request: ApiRequest): Promise<ApiAnswer> {
    const query = filter(new QueryReader(request.query));
    if (query.createdFromMs === undefined) {
      return json(400, JSON.stringify("Please provide value for 'createdTimeFrom' parameter."));
    }
    const deleted = await engine.purgeWhere(query);
    return deleted === 0 ? empty(404) : json(200, `{"instancesDeleted":${deleted}}`);
  }

  async function purge(instanceId: string): Promise<ApiAnswer> {
    const result = await engine.purge(instanceId);
    if (result === 'accepted') return json(200, '{"instancesDeleted":1}');
    if (result === 'notFound') return empty(404);
    const state = await engine.get(instanceId);
    return json(
      412,
      JSON.stringify(
        `Only orchestrations in a terminal state can be purged, but the orchestration with instance ID ${instanceId} has status ${state?.runtimeStatus ?? 'Running'}`,
      ),
    );
  }

  async function suspendOrResume(
    verb: 'suspend' | 'resume',
    instanceId: string,
    reason: string | undefined,
  ): Promise<ApiAnswer> {
    const result = await engine[verb](instanceId, reason);
    if (result !== 'invalidState') return commandAnswer(result);
    const state = verb === 'suspend' ? 'Suspended' : 'Running';
    return errorAnswer(500, 'Something went wrong while processing your request', {
      message: `Cannot ${verb} the orchestration instance ${instanceId} because instance is in the ${state} state.`,
      type: 'System.InvalidOperationException',
    });
  }

  async function rewind(instanceId: string, reason: string | undefined): Promise<ApiAnswer> {
    const result = await engine.rewind(instanceId, reason);
    if (result === 'accepted' || result === 'notFound') return commandAnswer(result);
    const state = await engine.get(instanceId);
    return json(
      412,
      JSON.stringify(
        `This orchestration has status ${state?.runtimeStatus ?? 'Completed'}, but only orchestrations in the "Failed" state can be rewound.`,
      ),
    );
  }

  async function restart(request: ApiRequest, instanceId: string): Promise<ApiAnswer> {
    const withNewId = new QueryReader(request.query).bool('restartWithNewInstanceId') ?? true;
    const started = await engine.restart(instanceId, withNewId);
    if (started !== undefined) return links.started(request, started);
    return errorAnswer(400, 'InstanceId does not match a valid orchestration instance.', {
      message: `No instance with ID '${instanceId}' was found. (Parameter 'instanceId')`,
      type: 'System.ArgumentException',
    });
  }

  return {
    async all(request) {
      if (request.method === 'GET') return list(request);
      return request.method === 'DELETE' ? purgeWhere(request) : empty(404);
    },
    async one(request, instanceId) {
      if (request.method === 'GET') return status(request, instanceId);
      return request.method === 'DELETE' ? purge(instanceId) : empty(404);
    },
    async command(request, instanceId, command) {
      if (request.method !== 'POST') return empty(404);
      const reason = new QueryReader(request.query).text('reason');
      switch (command.toLowerCase()) {
        case 'terminate':
          return commandAnswer(await engine.terminate(instanceId, reason));
        case 'suspend':
        case 'resume':
          return suspendOrResume(
            command.toLowerCase() === 'suspend' ? 'suspend' : 'resume',
            instanceId,
            reason,
          );
        case 'rewind':
          return rewind(instanceId, reason);
        case 'restart':
          return restart(request, instanceId);
        default:
          return empty(404);
      }
    },
    async raiseEvent(request, instanceId, eventName) {
      // The instance is looked at before the body, so an ended instance is 410 whatever is sent.
      const mediaType = request.header('content-type')?.split(';')[0]?.trim().toLowerCase();
      const event = mediaType === 'application/json' ? compactJson((await request.body()) ?? '') : undefined;
      if (event?.ok) return commandAnswer(await engine.raiseEvent(instanceId, eventName, event.json));
      const state = await engine.get(instanceId);
      if (!state) return empty(404);
      if (isEnded(state.runtimeStatus)) return empty(410);
      if (!event) return errorAnswer(400, 'Only application/json request content is supported');
      return errorAnswer(400, 'Invalid JSON content', {
        message: event.message,
        type: 'Newtonsoft.Json.JsonReaderException',
      });
    },
  };
}

function commandAnswer(result: CommandResult): ApiAnswer {
  if (result === 'accepted') return empty(202);
  return empty(result === 'notFound' ? 404 : 410);
}

function filter(query: QueryReader): InstanceQuery {
  return {
    createdFromMs: query.time('createdTimeFrom'),
    createdToMs: query.time('createdTimeTo'),
    runtimeStatus: query.statuses('runtimeStatus'),
    instanceIdPrefix: query.text('instanceIdPrefix'),
    top: query.count('top'),
  };
}
