import type { Clock } from '../clock';
import type { Store } from '../store/store';
import { hasOutputs, type AppRegistry, type RegisteredFunction } from './app-registry';
import type { AppConfig, Settings } from './host-config';
import type { HostLogger } from './host-log';
import type { InputBindings } from './input-bindings';
import type { OutputBindings } from './output-bindings';
import type { RetryContext, RpcTypedData } from './rpc';
import type { ServiceBusClients } from './service-bus-client';
import type { Worker } from './worker';

/** What a trigger needs to run functions. */
export interface TriggerContext {
  registry: AppRegistry;
  worker: Worker;
  inputs: InputBindings;
  outputs: OutputBindings;
  clients: ServiceBusClients;
  /** Functions that the app declared to stay inside of the store. */
  inside: ReadonlySet<string>;
  settings: Settings;
  clock: Clock;
  store: Store;
  log: HostLogger;
  config: AppConfig;
}

/** One function's source of events. */
export interface TriggerListener {
  start(): Promise<void>;
  /** Takes no new events and resolves when those taken are done. */
  stop(): Promise<void>;
}

/** Runs a function for one event and writes its outputs. @throws whatever the function or an output threw */
export async function runTriggered(
  context: TriggerContext,
  fn: RegisteredFunction,
  event: {
    data: RpcTypedData;
    metadata?: Record<string, RpcTypedData>;
    reason: string;
    retryContext?: RetryContext | undefined;
  },
): Promise<void> {
  const invocation = await context.worker.invoke(fn, {
    inputData: [{ name: fn.trigger.name, data: event.data }, ...context.inputs.of(fn)],
    triggerMetadata: event.metadata ?? {},
    reason: event.reason,
    retryContext: event.retryContext,
  });
  if (hasOutputs(fn)) await context.outputs.write(fn, await invocation.response(invocation.result));
}
