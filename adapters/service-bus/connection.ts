import type { AppIdentity } from '../azure/credential';
import type { Environment } from '../environment';
import { sendersInProcess, type CommandSenders } from './in-process';

/** How the namespace is reached: the settings that the Service Bus trigger reads. */
export type ServiceBusConnection =
  | { kind: 'connection'; connectionString: string; endpoint: string; emulator: boolean }
  | { kind: 'identity'; namespace: string };

/**
 * Reads `ServiceBusConnection` (a connection string) or `ServiceBusConnection__fullyQualifiedNamespace`.
 * @throws Error naming the settings when none is given.
 */
export function serviceBusConnection(environment: Environment): ServiceBusConnection {
  const connectionString = environment['ServiceBusConnection'];
  if (connectionString) {
    const endpoint = /(?:^|;)\s*Endpoint=([^;]+)/i.exec(connectionString)?.[1];
    if (!endpoint) throw new Error('the setting ServiceBusConnection names no Endpoint');
    const emulator = /(?:^|;)\s*UseDevelopmentEmulator=true/i.test(connectionString);
    return { kind: 'connection', connectionString, endpoint: endpoint.replace(/\/$/, ''), emulator };
  }
  const namespace = environment['ServiceBusConnection__fullyQualifiedNamespace'];
  if (!namespace)
    throw new Error('set ServiceBusConnection or ServiceBusConnection__fullyQualifiedNamespace');
  return { kind: 'identity', namespace };
}

/** A connection to send over; to queues in this process (local host) it needs no socket. */
export async function openServiceBus(
  connection: ServiceBusConnection,
  identity: AppIdentity,
): Promise<CommandSenders> {
  const inProcess = connection.kind === 'connection' ? sendersInProcess(connection.endpoint) : undefined;
  if (inProcess) return inProcess;
  const { ServiceBusClient } = await import('@azure/service-bus');
  return connection.kind === 'connection'
    ? new ServiceBusClient(connection.connectionString)
    : new ServiceBusClient(connection.namespace, await identity.get());
}
