import type { RegisteredFunction } from './app-registry';
import type { RpcTypedData } from './rpc';

/** What a function receives besides its trigger. Only the Durable client can be an input here. */
export class InputBindings {
  private readonly byFunction = new Map<string, { name: string; data: RpcTypedData }[]>();

  /** @param durableClient the JSON text for one binding */
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
        inputs.map(([name, binding]) => ({ name, data: { string: durableClient(binding) } })),
      );
    }
  }

  of(fn: RegisteredFunction): { name: string; data: RpcTypedData }[] {
    return this.byFunction.get(fn.id) ?? [];
  }
}
