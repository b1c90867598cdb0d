import type { FlowDefinition } from '../../contracts/flow-definition';
import type { FlowParameter } from '../../contracts/flow-definition/parameters';
import { isSealed } from '../../contracts/sealed-values';
import { same } from './conditions';

export interface ParameterProblem {
  name: string;
  message: string;
}

/** The values of the flow's parameters: those given with the request, else the defaults; and what is wrong with them. */
export function resolveParameters(
  definition: Pick<FlowDefinition, 'parameters'>,
  given: Readonly<Record<string, unknown>> = {},
): { values: Record<string, unknown>; problems: ParameterProblem[] } {
  const declared = definition.parameters ?? {};
  const values: Record<string, unknown> = {};
  const problems: ParameterProblem[] = Object.keys(given)
    .filter((name) => !Object.hasOwn(declared, name))
    .map((name) => ({ name, message: 'is not a parameter of the flow' }));
  for (const [name, parameter] of Object.entries(declared)) {
    const value = Object.hasOwn(given, name) ? given[name] : parameter.defaultValue;
    const message =
      value === undefined ? 'has no default, so a value has to be given' : problemOf(parameter, value);
    if (message) problems.push({ name, message });
    else values[name] = value;
  }
  return { values, problems };
}

/** What is wrong with the value, or undefined. */
export function problemOf({ type, allowedValues }: FlowParameter, value: unknown): string | undefined {
  // It was checked before it was sealed.
  if (type.startsWith('secure') && isSealed(value)) return undefined;
  if (!isOf(type, value)) return `is no ${type}`;
  const allowed = allowedValues?.some((each) => same(each, value)) ?? true;
  return allowed ? undefined : `must be one of ${JSON.stringify(allowedValues)}`;
}

/** Parameters that are masked wherever they are used. */
export function secureParameters({ parameters = {} }: Pick<FlowDefinition, 'parameters'>): string[] {
  return Object.keys(parameters).filter((name) => parameters[name]?.type.startsWith('secure'));
}

function isOf(type: FlowParameter['type'], value: unknown): boolean {
  switch (type) {
    case 'string':
    case 'securestring':
      return typeof value === 'string';
    case 'int':
      return Number.isInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'array':
      return Array.isArray(value);
    case 'object':
    case 'secureobject':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
  }
}
