import type * as serviceBus from '@azure/service-bus';
import { createRequire } from 'node:module';
import type { Inside } from '../broker/inside';
import { HostError } from './host-error';
import type { Settings } from './host-config';
import type { BindingInfo } from './rpc';

/** One Service Bus connection per connection string, opened when first needed. */
export class ServiceBusClients {
  private readonly clients = new Map<string, serviceBus.ServiceBusClient>();

  /** @param inside the Service Bus of this process, if there is one */
  constructor(
    private readonly settings: Settings,
    private readonly inside: Inside | undefined,
  ) {}

  /**
   * @param binding its `connection` names the setting; `AzureWebJobsServiceBus` when it names none
   * @throws HostError `SettingMissing`
   */
  of(binding: BindingInfo, where: string): serviceBus.ServiceBusClient {
    const connection = this.connectionOf(binding, where);
    let client = this.clients.get(connection);
    if (!client) {
      client = new (loadLibrary().ServiceBusClient)(connection, {
        // The trigger restarts its receivers itself; a send that fails fast fails the invocation, as on Azure.
        retryOptions: { maxRetries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 5_000 },
      });
      this.clients.set(connection, client);
    }
    return client;
  }

  /** The queues of the binding's connection when they are in this process. @throws HostError `SettingMissing` */
  insideOf(binding: BindingInfo, where: string): Inside | undefined {
    const endpoint = /(?:^|;)\s*Endpoint=([^;]+?)\/?(?:;|$)/i.exec(this.connectionOf(binding, where))?.[1];
    return endpoint === this.inside?.endpoint ? this.inside : undefined;
  }

  private connectionOf(binding: BindingInfo, where: string): string {
    const name = typeof binding['connection'] === 'string' ? binding['connection'] : 'ServiceBus';
    return this.settings.connection(name, where);
  }

  async close(): Promise<void> {
    await Promise.all([...this.clients.values()].map((client) => client.close()));
    this.clients.clear();
  }
}

/**
 * The queue (or topic and subscription) of a binding, with `%SETTING%` filled in.
 * @throws HostError `TriggerInvalid`, `SettingMissing`
 */
export function entityOf(
  binding: BindingInfo,
  settings: Settings,
  where: string,
): { queueOrTopic: string; subscription: string | undefined } {
  const read = (name: string): string | undefined => {
    const value = binding[name];
    return typeof value === 'string' && value !== '' ? settings.expand(value, where) : undefined;
  };
  const queueOrTopic = read('queueName') ?? read('topicName');
  if (queueOrTopic === undefined) {
    throw new HostError('TriggerInvalid', `${where} names neither a queue nor a topic.`);
  }
  return { queueOrTopic, subscription: read('subscriptionName') };
}

/** Loaded late, because it is large, and as CommonJS, so that host and app share one copy. */
function loadLibrary(): typeof serviceBus {
  return createRequire(__filename)('@azure/service-bus') as typeof serviceBus;
}
