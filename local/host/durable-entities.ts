import { type ApiAnswer, compactJson, empty, entityBody, errorAnswer, json } from './durable-answer';
import { QueryReader } from './durable-query';
import { type ApiRequest, type DurableApiOptions, continuation } from './durable-request';

export interface EntityRequests {
  handle(request: ApiRequest, name: string | undefined, key: string | undefined): Promise<ApiAnswer>;
}

/** `entities/…` of the management API. */
export function entityRequests({ engine, invoker }: DurableApiOptions): EntityRequests {
  async function read(name: string, key: string): Promise<ApiAnswer> {
    // `$` stands for the empty key, which a URL cannot carry.
    const entity = await engine.readEntity(name, key === '$' ? '' : key);
    return entity?.state === undefined ? empty(404) : json(200, entity.state);
  }

  async function list(request: ApiRequest, name: string | undefined): Promise<ApiAnswer> {
    const query = new QueryReader(request.query);
    const fetchState = query.bool('fetchState') ?? false;
    const page = await engine.queryEntities({
      name,
      lastOperationFromMs: query.time('lastOperationTimeFrom'),
      lastOperationToMs: query.time('lastOperationTimeTo'),
      top: query.count('top'),
      continuationToken: request.header('x-ms-continuation-token')?.trim() || undefined,
    });
    const body = `[${page.items.map((entity) => entityBody(entity, { fetchState })).join(',')}]`;
    return json(200, body, continuation(request, page.continuationToken));
  }

  async function signal(request: ApiRequest, name: string, key: string): Promise<ApiAnswer> {
    const known = invoker.names('entity');
    if (!known.some((each) => each.toLowerCase() === name.toLowerCase())) {
      const names =
        known.length === 0
          ? 'none'
          : [...known]
              .sort()
              .map((each) => `'${each}'`)
              .join(', ');
      return errorAnswer(
        400,
        `The function '${name}' doesn't exist, is disabled, or is not an entity function. Additional info: The following are the known entity functions: ${names}.`,
      );
    }
    const operation =
      request.method === 'DELETE' ? 'delete' : (new QueryReader(request.query).text('op') ?? '');
    const text = await request.body();
    if (text === undefined) {
      await engine.signalEntity(name, key, operation, undefined);
      return empty(202);
    }
    const mediaType = request.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    const input =
      mediaType === 'application/json'
        ? compactJson(text)
        : { ok: true as const, json: JSON.stringify(text) };
    if (!input.ok) return errorAnswer(400, `Could not parse JSON content: ${input.message}`);
    await engine.signalEntity(name, key, operation, input.json);
    return empty(202);
  }

  return {
    async handle(request, name, key) {
      if (request.method === 'GET') {
        return name !== undefined && key ? read(name, key) : list(request, name);
      }
      if (request.method !== 'POST' && request.method !== 'DELETE') return empty(404);
      return signal(request, name ?? '', key ?? '');
    },
  };
}
