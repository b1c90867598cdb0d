import type { RegisteredFunction } from './app-registry';
import type { RpcTypedData } from './rpc';

/** What a function receives besides its trigger. Only the Durable client can be an input here. */
export class InputBindings {
  private readonly byFunction = new Map<string, { name: string; data: RpcTypedData }[]>();
  private readonly values = new Map<string, [name: string, value: unknown][]>();

  /** @param durableClient the JSON text for one binding */
  constructor(
    functions: Iterable<RegisteredFunction>,
    durableClient: (binding: Record<string, unknown>) => string,
  ) {
    for (const fn of functions) {
      const inputs = Object.entries(fn.metadata.bindings).filter(
        ([name, binding]) => binding.direction === 'in' && name !== fn.trigger.name,
      );
      const texts = inputs.map(([name, binding]) => [name, durableClient(binding)] as const);
      this.byFunction.set(
        fn.id,
        texts.map(([name, text]) => ({ name, data: { string: text } })),
      );
      this.values.set(
        fn.id,
        texts.map(([name, text]) => [name, frozen(JSON.parse(text))]),
      );
    }
  }

  of(fn: RegisteredFunction): { name: string; data: RpcTypedData }[] {
    return this.byFunction.get(fn.id) ?? [];
  }

  /** The same as values; all invocations share them. */
  valuesOf(fn: RegisteredFunction): [name: string, value: unknown][] {
    return this.values.get(fn.id) ?? [];
  }
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
