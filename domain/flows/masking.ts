import type { FlowDefinition } from '../../contracts/flow-definition';
import type { FlowAction } from '../../contracts/flow-definition/control-actions';
import { everyAction } from './action-tree';
import { secureParameters } from './parameters';
import { readsTrigger, referencesIn } from './references';

/** Among what is masked: the trigger's data. */
const TRIGGER = 'trigger';

type Part = 'inputs' | 'outputs';

/** By name of the action: what of it is masked wherever runs are shown (row A8). */
export type MaskedParts = Record<string, Part[]>;

/** Whether what the trigger was given is masked, whichever of its properties are named. */
export function masksTrigger({ triggers }: Pick<FlowDefinition, 'triggers'>): boolean {
  return Object.values(triggers).some(({ runtimeConfiguration }) => runtimeConfiguration?.secureData);
}

/**
 * What `runtimeConfiguration.secureData` asks for, and what follows from it: inputs made from something masked are masked too, and so
 * are the outputs that repeat them. A variable that was ever set from something masked is masked, and so are the rounds' items of a
 * masked list.
 */
export function maskedParts(definition: FlowDefinition): MaskedParts {
  const actions = everyAction(definition.actions);
  const masked = new Set(secureParameters(definition).map((name) => `parameters ${name}`));
  for (const { name, action } of actions) for (const part of asked(action)) masked.add(`${part} ${name}`);
  if (masksTrigger(definition)) masked.add(TRIGGER);
  for (let size = -1; size !== masked.size;) {
    size = masked.size;
    for (const { name, action } of actions) follow(name, action, masked);
  }
  return Object.fromEntries(
    actions.flatMap(({ name }) => {
      const parts = (['inputs', 'outputs'] as const).filter((part) => masked.has(`${part} ${name}`));
      return parts.length > 0 ? [[name, parts]] : [];
    }),
  );
}

function asked(action: FlowAction): Part[] {
  if (!('runtimeConfiguration' in action)) return [];
  return action.runtimeConfiguration?.secureData?.properties ?? [];
}

function follow(name: string, action: FlowAction, masked: Set<string>): void {
  const own = 'inputs' in action ? action.inputs : action.type === 'Foreach' ? action.foreach : undefined;
  const reads = referencesIn(own).some(({ call, name: from }) => {
    if (call === 'variables' || call === 'parameters' || call === 'items')
      return masked.has(`${call} ${from}`);
    if (call === 'outputs' || call === 'body') return masked.has(`outputs ${from}`);
    return masked.has(`outputs ${from}`) || masked.has(`inputs ${from}`);
  });
  if (reads || (masked.has(TRIGGER) && readsTrigger(own))) masked.add(`inputs ${name}`);
  if (!masked.has(`inputs ${name}`)) return;
  if (action.type === 'Compose' || action.type === 'Response') masked.add(`outputs ${name}`);
  else if (action.type === 'Foreach') masked.add(`items ${name}`);
  else if (action.type === 'InitializeVariable') {
    for (const variable of action.inputs.variables) masked.add(`variables ${variable.name}`);
  } else if (action.type.endsWith('Variable')) masked.add(`variables ${variableOf(action)}`);
}

function variableOf(action: FlowAction): string {
  return 'inputs' in action && isNamed(action.inputs) ? action.inputs.name : '';
}

function isNamed(inputs: unknown): inputs is { name: string } {
  return typeof inputs === 'object' && inputs !== null && 'name' in inputs && typeof inputs.name === 'string';
}
