import type { RegisteredFunction } from './app-registry';
import { HostError } from './host-error';
import type { RpcTypedData } from './rpc';

/** What a function receives besides its trigger. Only the Durable client can be an input here. */
export class InputBindings {
  private readonly byFunction = new Map<string, { name: string; data: RpcTypedData }[]>();

  /**
   * @param durableClient the JSON text for one binding
   * @throws HostError `TriggerInvalid` for an input of another type
   */
  constructor(
    functions: Iterable<RegisteredFunction>,
    durableClient: (binding: Record<string, unknown>) => string,
  ) {
    for (const fn of functions) {
      const inputs = Object.entries(fn.metadata.bindings).filter(
        ([name, binding]) => binding.direction === 'in' && name !== fn.trigger.name,
      );
      this.byFunction.set(
        fn.id,
        inputs.map(([name, binding]) => {
          if (binding.type !== 'durableClient' && binding.type !== 'orchestrationClient') {
            throw new HostError(
              'TriggerInvalid',
              `The function ${fn.name} has an input of type ${binding.type}, which the local host does not have. Read it in the function's own code, or use durableClient.`,
            );
          }
          return { name, data: { string: durableClient(binding) } };
        }),
      );
    }
  }

  of(fn: RegisteredFunction): { name: string; data: RpcTypedData }[] {
    return this.byFunction.get(fn.id) ?? [];
  }
}
