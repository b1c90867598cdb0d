import type { FlowDefinition } from '../../contracts/flow-definition';
import type { FlowAction } from '../../contracts/flow-definition/control-actions';
import { everyAction, innerNames } from './action-tree';
import { secureParameters } from './parameters';
import { readsTrigger, referencesIn, unnamedCallsIn } from './references';

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
 * Whether anything of the flow is secure. Then all values that its runs carry from step to step are sealed where they are stored
 * (docs/adr/0007).
 */
export function securesData(definition: FlowDefinition): boolean {
  return (
    masksTrigger(definition) ||
    secureParameters(definition).length > 0 ||
    everyAction(definition.actions).some(({ action }) => asked(action).length > 0)
  );
}

/**
 * What `runtimeConfiguration.secureData` asks for, and what follows from it: inputs made from something masked are masked too, and so
 * are the outputs that repeat them. A variable that was ever set from something masked is masked, and so are the rounds' items of a
 * masked list. An expression that makes the name of what it reads may read anything of that kind.
 */
export function maskedParts(definition: FlowDefinition): MaskedParts {
  const { masked, actions } = follow(definition);
  return Object.fromEntries(
    actions.flatMap(({ name }) => {
      const parts = (['inputs', 'outputs'] as const).filter((part) => masked.has(`${part} ${name}`));
      return parts.length > 0 ? [[name, parts]] : [];
    }),
  );
}

/** Names of the run's outputs that are masked; `response` when any answer of a Response action is. */
export function maskedOutputs(definition: FlowDefinition): Set<string> {
  const { masked, actions, inside } = follow(definition);
  const own = Object.entries(definition.outputs ?? {}).filter(([, output]) =>
    readsMasked(output, masked, inside),
  );
  const answers = actions.some(
    ({ name, action }) => action.type === 'Response' && masked.has(`outputs ${name}`),
  );
  return new Set([...own.map(([name]) => name), ...(answers ? ['response'] : [])]);
}

type Inside = ReadonlyMap<string, readonly string[]>;

function follow(definition: FlowDefinition): {
  masked: ReadonlySet<string>;
  actions: ReturnType<typeof everyAction>;
  inside: Inside;
} {
  const actions = everyAction(definition.actions);
  const inside = new Map(actions.map(({ name, action }) => [name, innerNames(action)]));
  const masked = new Set(secureParameters(definition).map((name) => `parameters ${name}`));
  for (const { name, action } of actions) for (const part of asked(action)) masked.add(`${part} ${name}`);
  if (masksTrigger(definition)) masked.add(TRIGGER);
  for (let size = -1; size !== masked.size;) {
    size = masked.size;
    for (const { name, action } of actions) spread(name, action, masked, inside);
  }
  return { masked, actions, inside };
}

function asked(action: FlowAction): Part[] {
  if (!('runtimeConfiguration' in action)) return [];
  return action.runtimeConfiguration?.secureData?.properties ?? [];
}

function readsMasked(
  template: unknown,
  masked: ReadonlySet<string>,
  inside: Inside,
  { ownItem = false }: { ownItem?: boolean } = {},
): boolean {
  if (masked.size === 0) return false;
  if (masked.has(TRIGGER) && readsTrigger(template)) return true;
  const actionReads = (name: string): boolean =>
    masked.has(`outputs ${name}`) || masked.has(`inputs ${name}`);
  const named = referencesIn(template).some(({ call, name }) => {
    if (call === 'variables' || call === 'parameters' || call === 'items')
      return masked.has(`${call} ${name}`);
    if (call === 'outputs' || call === 'body') return masked.has(`outputs ${name}`);
    if (call === 'result') return (inside.get(name) ?? []).some(actionReads);
    return actionReads(name);
  });
  if (named) return true;
  const kinds = new Set([...masked].map((thing) => thing.split(' ')[0]));
  return [...unnamedCallsIn(template)].some((call) => {
    if (call === 'item') return kinds.has('items') && !ownItem;
    return kinds.has(call) || (ACTION_CALLS.has(call) && (kinds.has('outputs') || kinds.has('inputs')));
  });
}

const ACTION_CALLS: ReadonlySet<string> = new Set(['actions', 'outputs', 'body', 'result']);

/** Actions whose outputs are made of their inputs alone. */
const REPEATS_INPUTS: ReadonlySet<FlowAction['type']> = new Set([
  'Compose',
  'Response',
  'Select',
  'Query',
  'Table',
  'Join',
  'ParseJson',
]);

function spread(name: string, action: FlowAction, masked: Set<string>, inside: Inside): void {
  const { given, perItem } = givenTo(action);
  if (readsMasked(given, masked, inside) || readsMasked(perItem, masked, inside, { ownItem: true })) {
    masked.add(`inputs ${name}`);
  }
  if (!masked.has(`inputs ${name}`)) return;
  if (REPEATS_INPUTS.has(action.type)) masked.add(`outputs ${name}`);
  else if (action.type === 'Foreach') masked.add(`items ${name}`);
  else if (action.type === 'InitializeVariable') {
    for (const variable of action.inputs.variables) masked.add(`variables ${variable.name}`);
  } else if (action.type.endsWith('Variable')) masked.add(`variables ${variableOf(action)}`);
}

/** What an action is given before anything inside it starts; apart, what it evaluates for each item of its own list. */
function givenTo(action: FlowAction): { given: unknown; perItem?: unknown } {
  switch (action.type) {
    case 'Select':
      return { given: action.inputs.from, perItem: action.inputs.select };
    case 'Query':
      return { given: action.inputs.from, perItem: action.inputs.where };
    case 'Table':
      return { given: action.inputs.from, perItem: action.inputs.columns };
    case 'Foreach':
      return { given: action.foreach };
    default:
      if ('inputs' in action) return { given: action.inputs };
      return { given: 'expression' in action ? action.expression : undefined };
  }
}

function variableOf(action: FlowAction): string {
  return 'inputs' in action && isNamed(action.inputs) ? action.inputs.name : '';
}

function isNamed(inputs: unknown): inputs is { name: string } {
  return typeof inputs === 'object' && inputs !== null && 'name' in inputs && typeof inputs.name === 'string';
}
