import type { InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { EntityId, getClient, OrchestrationRuntimeStatus } from 'durable-functions';
import { hostService, type HostService } from './host-services';
import { listInstances, type InstancePage, type InstanceQuery } from './instance-lists';

/** What functions and activities ask of running orchestrations and entities. */
export interface Instances {
  /** Raises an event. An instance that has ended takes it without a word; `unknown` is one that does not exist. */
  raise(instance: string, event: string, message: unknown): Promise<'told' | 'unknown'>;
  /** `none`: no such instance (never started, or purged). */
  stateOf(instance: string): Promise<'open' | 'ended' | 'none'>;
  /** Starts an orchestration, under a new id unless one is given. @returns the id. @throws when one of this id goes on. */
  start(orchestration: string, input: unknown, instance?: string): Promise<string>;
  /** Sends an operation to an entity; nobody hears its answer. */
  signal(entity: string, key: string, operation: string, input: unknown): Promise<void>;
  /** State of an entity as it is stored, or undefined. */
  readEntity(name: string, key: string): Promise<unknown>;
  /** Orchestrations, page by page; a page may be short while there is more. */
  list(query: InstanceQuery): Promise<InstancePage>;
  /** Removes an ended orchestration and its history; one that is not there is no error. @throws when it goes on. */
  purge(instance: string): Promise<void>;
}

/** The instances of this app's task hub; the function needs the input binding `durableClient`. */
export function instancesOf(context: InvocationContext): Instances {
  return new DurableInstances(clientOf(context), bindingOf(context));
}

/** By what their binding says: to make one takes as long as a request. */
const clients = new Map<string, DurableClient>();
/** By the binding itself, where a host hands out the same one each time. */
const clientsOfBindings = new WeakMap<object, DurableClient>();

/** The SDK's client for this app's task hub; the function needs the input binding `durableClient`. */
export function clientOf(context: InvocationContext): DurableClient {
  const binding = bindingOf(context);
  const isObject = typeof binding === 'object' && binding !== null;
  const known = isObject ? clientsOfBindings.get(binding) : undefined;
  if (known) return known;
  const client = clientOfText(context, binding);
  if (isObject) clientsOfBindings.set(binding, client);
  return client;
}

function clientOfText(context: InvocationContext, binding: unknown): DurableClient {
  const key = JSON.stringify(binding);
  const known = clients.get(key);
  if (known) return known;
  const client = getClient(context);
  connectInProcess(client, binding);
  // The host's keys change now and then; what was bound before is of no use any more.
  clients.clear();
  clients.set(key, client);
  return client;
}

function bindingOf(context: InvocationContext): unknown {
  const name = context.options.extraInputs.find(({ type }) => type === 'durableClient')?.name;
  return name === undefined ? undefined : context.extraInputs.get(name);
}

/** Where the host runs in this process, the SDK's HTTP library gives way to calls of the host; otherwise HTTP stays. */
function connectInProcess(client: DurableClient, binding: unknown): void {
  if (typeof binding !== 'object' || binding === null || !('rpcBaseUrl' in binding)) return;
  const service = hostService(String(binding.rpcBaseUrl));
  if (service && 'axiosInstance' in client) Reflect.set(client, 'axiosInstance', new InProcessHttp(service));
}

interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  data: unknown;
}

type Config = { headers?: Record<string, string> };

/** What the SDK's client uses of its HTTP library (axios). */
class InProcessHttp {
  constructor(private readonly service: HostService) {}

  get(url: string, config?: Config): Promise<HttpAnswer> {
    return this.send('GET', url, undefined, config);
  }

  delete(url: string, config?: Config): Promise<HttpAnswer> {
    return this.send('DELETE', url, undefined, config);
  }

  post(url: string, body?: string, config?: Config): Promise<HttpAnswer> {
    return this.send('POST', url, body, config);
  }

  private async send(
    method: string,
    url: string,
    body: string | undefined,
    config: Config = {},
  ): Promise<HttpAnswer> {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await this.service({ method, url, headers: { ...type, ...config.headers }, body });
    return { status: answer.status, headers: answer.headers, data: readJson(answer.body) };
  }
}

/** JSON where it is JSON, as axios does. */
function readJson(text = ''): unknown {
  if (text === '') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const open: ReadonlySet<OrchestrationRuntimeStatus> = new Set([
  OrchestrationRuntimeStatus.Pending,
  OrchestrationRuntimeStatus.Running,
  OrchestrationRuntimeStatus.Suspended,
  OrchestrationRuntimeStatus.ContinuedAsNew,
]);

class DurableInstances implements Instances {
  constructor(
    private readonly client: DurableClient,
    private readonly binding: unknown,
  ) {}

  list(query: InstanceQuery): Promise<InstancePage> {
    return listInstances(this.binding, query);
  }

  async purge(instance: string): Promise<void> {
    await this.client.purgeInstanceHistory(instance);
  }

  async raise(instance: string, event: string, message: unknown): Promise<'told' | 'unknown'> {
    try {
      await this.client.raiseEvent(instance, event, message);
      return 'told';
    } catch (error) {
      if (isNotFound(error)) return 'unknown';
      throw error;
    }
  }

  async stateOf(instance: string): Promise<'open' | 'ended' | 'none'> {
    try {
      const status = await this.client.getStatus(instance, { showInput: false });
      return open.has(status.runtimeStatus) ? 'open' : 'ended';
    } catch (error) {
      if (isNotFound(error)) return 'none';
      throw error;
    }
  }

  start(orchestration: string, input: unknown, instance?: string): Promise<string> {
    return this.client.startNew(orchestration, {
      input,
      ...(instance === undefined ? {} : { instanceId: instance }),
    });
  }

  signal(entity: string, key: string, operation: string, input: unknown): Promise<void> {
    return this.client.signalEntity(new EntityId(entity, key), operation, input);
  }

  async readEntity(name: string, key: string): Promise<unknown> {
    const found = await this.client.readEntityState(new EntityId(name, key));
    return found.entityExists ? found.entityState : undefined;
  }
}

/** The SDK throws plain errors; these are its words for a 404. */
function isNotFound(error: unknown): boolean {
  return error instanceof Error && /No instance with ID|HTTP 404 response/.test(error.message);
}
