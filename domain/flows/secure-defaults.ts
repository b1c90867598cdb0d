import type { FlowDefinition } from '../../contracts/flow-definition';
import { isSealed, useOfFlow, type Sealer } from '../../contracts/sealed-values';
import { pointer, type DefinitionProblem } from './definition-path';
import { secureParameters } from './parameters';

/**
 * The definition as it is stored: defaults of secure parameters are sealed. One that is sealed already, as definitions are shown, has to be of
 * this flow.
 */
export function sealDefaults(
  definition: FlowDefinition,
  sealer: Sealer,
): { definition: FlowDefinition } | { problems: DefinitionProblem[] } {
  const parameters = { ...definition.parameters };
  const problems: DefinitionProblem[] = [];
  for (const name of secureParameters(definition)) {
    const parameter = parameters[name];
    if (parameter?.defaultValue === undefined) continue;
    const { defaultValue } = parameter;
    if (!isSealed(defaultValue)) {
      parameters[name] = {
        ...parameter,
        defaultValue: sealer.seal(defaultValue, useOfFlow(definition.name)),
      };
    } else if (!opens(sealer, defaultValue, definition.name)) {
      const message = 'is sealed, but not for this flow here: give the value itself';
      problems.push({ path: pointer(['parameters', name, 'defaultValue']), message });
    }
  }
  if (problems.length > 0) return { problems };
  return { definition: definition.parameters ? { ...definition, parameters } : definition };
}

function opens(sealer: Sealer, sealed: Parameters<Sealer['open']>[0], flow: string): boolean {
  try {
    sealer.open(sealed, useOfFlow(flow));
    return true;
  } catch {
    return false;
  }
}

/** Values of parameters with the sealed defaults among them opened. @throws Error when one cannot be. */
export function openDefaults(
  definition: FlowDefinition,
  values: Readonly<Record<string, unknown>>,
  sealer: Sealer,
): Record<string, unknown> {
  const secure = new Set(secureParameters(definition));
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      secure.has(name) && isSealed(value) ? sealer.open(value, useOfFlow(definition.name)) : value,
    ]),
  );
}
