import { format } from 'node:util';
import type { LogLevel } from './rpc';

/** An invocation without conversions: the values that the function gets, as the library would have read them. */
export interface PlainInput {
  trigger: unknown;
  metadata: Record<string, unknown>;
  extra: readonly (readonly [name: string, value: unknown])[];
}

interface Context {
  extraInputs: { set(name: string, value: unknown): void };
}

type ContextClass = new (init: {
  invocationId: string;
  functionName: string;
  logHandler: (level: LogLevel, ...args: unknown[]) => void;
  traceContext: object;
  triggerMetadata: object;
  options: object;
}) => Context;

/** How the library makes the context of one function: taken from the first that it made, the others are made alike. */
export interface ContextPattern {
  class: ContextClass;
  options: object;
}

/** @returns undefined when the context is none of the library's own class; then every invocation goes through its model. */
export function patternOf(context: unknown): ContextPattern | undefined {
  if (typeof context !== 'object' || context === null || !('options' in context)) return undefined;
  const { constructor, options } = context;
  if (constructor.name !== 'InvocationContext' || typeof options !== 'object' || options === null)
    return undefined;
  return { class: constructor as ContextClass, options };
}

/**
 * Calls a function with a context of the library's class, and without its model, which converts each value from a wire that is not
 * there: about as much work as a small function does.
 */
export async function callDirectly(call: {
  pattern: ContextPattern;
  callback: (...args: unknown[]) => unknown;
  functionName: string;
  invocationId: string;
  input: PlainInput;
  log: (level: LogLevel, category: 'user' | 'system', message: string) => void;
}): Promise<unknown> {
  const { pattern, functionName, invocationId, input, log } = call;
  let isDone = false;
  const context = new pattern.class({
    invocationId,
    functionName,
    logHandler: (level, ...args) => {
      if (isDone) log('warning', 'system', lateLog(functionName, invocationId));
      log(level, 'user', format(...args));
    },
    traceContext: { traceParent: '', traceState: '', attributes: {} },
    triggerMetadata: input.metadata,
    options: pattern.options,
  });
  for (const [name, value] of input.extra) context.extraInputs.set(name, value);
  try {
    return await call.callback(input.trigger, context);
  } finally {
    isDone = true;
  }
}

/** The library's words. */
function lateLog(functionName: string, invocationId: string): string {
  return (
    "Warning: Unexpected call to 'log' on the context object after function execution has completed. Please check for asynchronous calls " +
    `that are not awaited. Function name: ${functionName}. Invocation Id: ${invocationId}.`
  );
}
