import type { FunctionInvoker, InvocationResult } from '../durable/engine-api';
import { hasOutputs, type AppRegistry, type RegisteredFunction } from './app-registry';
import { messageOf } from './host-error';
import type { InputBindings } from './input-bindings';
import type { OutputBindings } from './output-bindings';
import type { RpcTypedData } from './rpc';
import { asIs, readText, textData } from './typed-data';
import type { Worker } from './worker';

const TRIGGERS = {
  orchestration: 'orchestrationTrigger',
  activity: 'activityTrigger',
  entity: 'entityTrigger',
} as const;

/**
 * Runs the app's orchestrators, activities and entities for the engine. Results are handed over as the handler returned them:
 * the engine writes them as JSON once. Of the trigger metadata only `instanceId` is filled, because the rest repeats the
 * payload (and the library would parse it a second time).
 */
export function createInvoker(options: {
  registry: AppRegistry;
  worker: Worker;
  inputs: InputBindings;
  outputs: OutputBindings;
  /** Activities that the app declared to stay inside. */
  inside: ReadonlySet<string>;
}): FunctionInvoker {
  const { registry, worker, inputs, outputs, inside } = options;
  const tables = Object.fromEntries(
    Object.entries(TRIGGERS).map(([kind, trigger]) => [
      kind,
      new Map(registry.withTrigger(trigger).map((fn) => [fn.name.toLowerCase(), fn])),
    ]),
  ) as Record<keyof typeof TRIGGERS, Map<string, RegisteredFunction>>;

  async function run(
    kind: keyof typeof TRIGGERS,
    name: string,
    { value, data, instanceId }: { value: unknown; data: RpcTypedData; instanceId?: string },
  ): Promise<InvocationResult> {
    const fn = tables[kind].get(name.toLowerCase());
    if (!fn) return { ok: false, message: `There is no ${kind} function '${name}'.` };
    const writes = hasOutputs(fn);
    try {
      const invocation = await worker.invoke(fn, {
        triggerMetadata: instanceId === undefined ? {} : { instanceId: textData(instanceId) },
        inputData: [{ name: fn.trigger.name, data }, ...inputs.of(fn)],
        plain: writes
          ? undefined
          : {
              trigger: value,
              metadata: instanceId === undefined ? {} : { instanceId: readText(instanceId) },
              extra: inputs.valuesOf(fn),
            },
        reason: `(null)`,
      });
      const { result } = invocation;
      if (writes) await outputs.write(fn, await invocation.response(result));
      return { ok: true, value: result };
    } catch (error) {
      return failure(error);
    }
  }

  return {
    names: (kind) => [...tables[kind].values()].map((fn) => fn.name),
    staysInside: (activity) => inside.has(activity),
    orchestration: (name, instanceId, payload) =>
      run('orchestration', name, { value: payload, data: asIs(payload), instanceId }),
    activity: (name, instanceId, input) =>
      // An activity without input gets the trigger with no data at all.
      run('activity', name, {
        value: input === undefined ? undefined : readText(input),
        data: input === undefined ? {} : { string: input },
        instanceId,
      }),
    entity: (name, _key, payload) => run('entity', name, { value: payload, data: asIs(payload) }),
  };
}

function failure(error: unknown): InvocationResult {
  const result: InvocationResult = { ok: false, message: messageOf(error) };
  if (typeof error !== 'object' || error === null) return result;
  const { stack, name } = error as { stack?: unknown; name?: unknown };
  return {
    ...result,
    ...(typeof stack === 'string' && { stack }),
    ...(typeof name === 'string' && { type: name }),
  };
}
