import type { ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import type { RegisteredFunction } from './app-registry';
import type { Settings } from './host-config';
import type { BindingInfo, InvocationResponse, RpcTypedData } from './rpc';
import { entityOf, type ServiceBusClients } from './service-bus-client';

/** Writes what functions put into their outputs: Service Bus queues and topics. */
export class OutputBindings {
  private readonly senders = new Map<BindingInfo, ServiceBusSender>();

  constructor(private readonly options: { clients: ServiceBusClients; settings: Settings }) {}

  /** Resolves when all outputs of one invocation are accepted. @throws what the broker answered */
  async write(fn: RegisteredFunction, response: InvocationResponse): Promise<void> {
    for (const { name, data } of response.outputData ?? []) {
      await this.send(fn, fn.metadata.bindings[name], data);
    }
    if (response.returnValue) await this.send(fn, fn.metadata.bindings['$return'], response.returnValue);
  }

  private async send(
    fn: RegisteredFunction,
    binding: BindingInfo | undefined,
    data: RpcTypedData,
  ): Promise<void> {
    if (binding?.type !== 'serviceBus') return;
    const messages = toMessages(data);
    if (messages.length > 0) await this.sender(fn, binding).sendMessages(messages);
  }

  private sender(fn: RegisteredFunction, binding: BindingInfo): ServiceBusSender {
    let sender = this.senders.get(binding);
    if (!sender) {
      const where = `The output of the function ${fn.name}`;
      const { queueOrTopic } = entityOf(binding, this.options.settings, where);
      sender = this.options.clients.of(binding, where).createSender(queueOrTopic);
      this.senders.set(binding, sender);
    }
    return sender;
  }
}

/** A JSON array is one message per element, anything else one message; bodies are raw bytes, as from .NET. */
function toMessages(data: RpcTypedData): ServiceBusMessage[] {
  if (data.bytes) return [{ body: Buffer.from(data.bytes) }];
  if (data.string !== undefined) return [{ body: Buffer.from(data.string) }];
  if (data.json !== undefined) {
    const value: unknown = JSON.parse(data.json);
    if (!Array.isArray(value)) return [{ body: Buffer.from(data.json), contentType: 'application/json' }];
    return value.map((each) =>
      typeof each === 'string'
        ? { body: Buffer.from(each) }
        : { body: Buffer.from(JSON.stringify(each)), contentType: 'application/json' },
    );
  }
  const number = data.int ?? data.double;
  return number === undefined ? [] : [{ body: Buffer.from(String(number)) }];
}
