import { HttpRequest, InvocationContext, type HttpResponseInit } from '@azure/functions';
import type { DurableOrchestrationStatus } from 'durable-functions';
import type { DurableHandler, Handler, Orchestrations } from '../../functions/http';

export interface Call {
  method?: string;
  path?: string;
  params?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** Bytes and text as they are, anything else as JSON. */
  body?: unknown;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  bytes: Buffer;
}

/** What handlers wrote to the log. */
export const logged: unknown[][] = [];

function requestOf(call: Call): HttpRequest {
  const { body } = call;
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const sent = raw ? body : JSON.stringify(body);
  return new HttpRequest({
    method: call.method ?? (body === undefined ? 'GET' : 'POST'),
    url: `http://localhost${call.path ?? '/api/x'}`,
    params: call.params ?? {},
    query: call.query ?? {},
    headers: call.headers ?? {},
    ...(body === undefined ? {} : { body: typeof sent === 'string' ? { string: sent } : { bytes: sent } }),
  });
}

function context(): InvocationContext {
  return new InvocationContext({
    functionName: 'test',
    invocationId: 'invocation-1',
    logHandler: (_level, ...args: unknown[]) => void logged.push(args),
  });
}

async function answerOf(response: HttpResponseInit): Promise<Answer> {
  const { body } = response;
  const bytes = Buffer.from(body instanceof Uint8Array ? body : typeof body === 'string' ? body : '');
  const headers = new Headers(response.headers);
  const isJson = /json/.test(headers.get('content-type') ?? '');
  return {
    status: response.status ?? 200,
    headers,
    bytes,
    body: isJson ? (JSON.parse(bytes.toString('utf8')) as Record<string, unknown>) : {},
  };
}

export async function call(handler: Handler, request: Call = {}): Promise<Answer> {
  return answerOf(await handler(requestOf(request), context()));
}

export async function callDurable(
  handler: DurableHandler,
  client: Orchestrations,
  request: Call = {},
): Promise<Answer> {
  return answerOf(await handler(requestOf(request), client, context()));
}

type Status = Partial<
  Pick<DurableOrchestrationStatus, 'input' | 'output' | 'customStatus' | 'runtimeStatus'>
>;

type RuntimeStatus = DurableOrchestrationStatus['runtimeStatus'];

/** The Durable client over a map of instances, answering as the real one does. */
export class FakeOrchestrations implements Orchestrations {
  readonly instances = new Map<string, Status>();
  readonly started: { name: string; id: string; input: unknown }[] = [];
  readonly raised: { id: string; event: string; data: unknown }[] = [];
  readonly entities = new Map<string, unknown>();
  /** Called before an instance is started; may throw, as a host that goes down does. */
  onStart: () => void = () => undefined;

  startNew: Orchestrations['startNew'] = async (name, options = {}) => {
    this.onStart();
    const id = options.instanceId ?? `instance-${this.started.length + 1}`;
    this.started.push({ name, id, input: options.input });
    this.instances.set(id, { input: options.input, runtimeStatus: 'Running' as RuntimeStatus });
    return id;
  };

  getStatus: Orchestrations['getStatus'] = async (id) => {
    const known = this.instances.get(id);
    if (!known)
      throw new Error('DurableClient error: Durable Functions extension replied with HTTP 404 response. ');
    const at = new Date(Date.UTC(2026, 1, 1));
    const empty = { input: null, output: null, customStatus: null, name: 'x', instanceId: id };
    const runtimeStatus = 'Running' as RuntimeStatus;
    return { ...empty, createdTime: at, lastUpdatedTime: at, runtimeStatus, ...known };
  };

  raiseEvent: Orchestrations['raiseEvent'] = async (id, event, data) => {
    this.raised.push({ id, event, data });
  };

  readEntityState: Orchestrations['readEntityState'] = async <T>(id: { name: string; key: string }) => {
    const state = this.entities.get(`${id.name}/${id.key}`);
    return state === undefined ? { entityExists: false } : { entityExists: true, entityState: state as T };
  };
}
