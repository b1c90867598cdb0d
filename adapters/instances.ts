import type { InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { EntityId, getClient, OrchestrationRuntimeStatus } from 'durable-functions';
import { hostService } from './host-services';

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
}

/** The instances of this app's task hub; the function needs the input binding `durableClient`. */
export function instancesOf(context: InvocationContext): Instances {
  return new DurableInstances(clientOf(context));
}

/** By what their binding says: to make one takes as long as a request. */
const clients = new Map<string, DurableClient>();

function clientOf(context: InvocationContext): DurableClient {
  const name = context.options.extraInputs.find(({ type }) => type === 'durableClient')?.name;
  const binding: unknown = name === undefined ? undefined : context.extraInputs.get(name);
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

/** What axios, the SDK's HTTP library, asks of its transport, as far as the SDK uses it. */
interface AxiosRequest {
  method?: string;
  url?: string;
  data?: string;
  headers: { toJSON(): Record<string, string> };
}

/** Gives the SDK's HTTP library another transport when the endpoint is in this process; otherwise, or if the SDK changes, HTTP stays. */
function connectInProcess(client: DurableClient, binding: unknown): void {
  if (typeof binding !== 'object' || binding === null || !('rpcBaseUrl' in binding)) return;
  const service = hostService(String(binding.rpcBaseUrl));
  const axios: unknown = Reflect.get(client, 'axiosInstance');
  if (!service || typeof axios !== 'function' || !('defaults' in axios)) return;
  const adapter = async (request: AxiosRequest): Promise<object> => {
    const { method = 'get', url = '', data, headers } = request;
    const named = Object.entries(headers.toJSON()).map(([name, value]) => [name.toLowerCase(), value]);
    const answer = await service({
      method: method.toUpperCase(),
      url,
      headers: Object.fromEntries(named) as Record<string, string>,
      body: data,
    });
    return {
      status: answer.status,
      statusText: '',
      headers: answer.headers,
      data: answer.body ?? '',
      config: request,
    };
  };
  Object.assign(axios.defaults as object, { adapter });
}

const open: ReadonlySet<OrchestrationRuntimeStatus> = new Set([
  OrchestrationRuntimeStatus.Pending,
  OrchestrationRuntimeStatus.Running,
  OrchestrationRuntimeStatus.Suspended,
  OrchestrationRuntimeStatus.ContinuedAsNew,
]);

class DurableInstances implements Instances {
  constructor(private readonly client: DurableClient) {}

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
