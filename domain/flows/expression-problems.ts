import { checkTemplate, type KnownNames, type TemplateProblem } from '../expressions/check-template';
import { pointer } from './definition-path';
import { isList, isObject, type JsonObject } from '../expressions/values';

/** Keys of an action that are no templates: what it is, when it runs, and the actions within it. */
const NO_TEMPLATES = new Set([
  'type',
  'kind',
  'description',
  'metadata',
  'runAfter',
  'actions',
  'else',
  'cases',
  'default',
]);
const LOOPS = new Set(['foreach', 'until']);

const NOTHING = {
  action: new Set<string>(),
  scope: new Set<string>(),
  loop: new Set<string>(),
  list: new Set<string>(),
};

/** By type, what of the inputs is evaluated for each item of a list: `item()` is that item. */
const ITEM_BY_ITEM: ReadonlyMap<string, string> = new Map([
  ['select', 'select'],
  ['query', 'where'],
  ['table', 'columns'],
]);

type Flow = Required<Pick<KnownNames, 'variable' | 'parameter'>>;

/** An action and where it stands. */
interface Placed {
  name: string;
  action: JsonObject;
  path: string[];
  /** The actions beside it. */
  beside: ReadonlyMap<string, Placed>;
  /** The one that holds it. */
  within: Placed | undefined;
}

/**
 * Problems of the expressions in a flow definition: those of `checkTemplate`, with names of actions that do not end before, of variables,
 * parameters and loops that do not exist. Takes anything of the shape of a definition; never throws.
 */
export function expressionProblems(definition: unknown): TemplateProblem[] {
  if (!isObject(definition)) return [];
  const all = placedActions(definition['actions'], ['actions'], undefined);
  const flow = {
    variable: new Set(all.flatMap(({ action }) => variablesOf(action))),
    parameter: new Set(Object.keys(objectOf(definition['parameters']))),
  };
  return [
    ...checkParameters(objectOf(definition['parameters'])),
    ...Object.entries(objectOf(definition['triggers'])).flatMap(([name, trigger]) =>
      checkTemplate(objectOf(trigger)['conditions'], {
        path: pointer(['triggers', name, 'conditions']),
        known: { ...flow, ...NOTHING, variable: new Set(), item: false },
      }),
    ),
    ...all.flatMap((placed) => checkAction(placed, all, flow)),
    ...checkTemplate(definition['outputs'], {
      path: '/outputs',
      known: { ...flow, ...NOTHING, action: namesOf(all), scope: namesOf(all), item: false },
    }),
  ];
}

function checkAction(placed: Placed, all: readonly Placed[], flow: Flow): TemplateProblem[] {
  const before = endedBefore(placed, all);
  const loops = around(placed).filter((one) => LOOPS.has(typeOf(one)));
  const lists = loops.filter((loop) => typeOf(loop) === 'foreach');
  const made = variablesOf(placed.action);
  const known: KnownNames = {
    ...flow,
    // The first value of a variable cannot be made of the variable.
    variable: new Set([...flow.variable].filter((name) => !made.includes(name))),
    action: namesOf(before),
    scope: namesOf(before),
    loop: namesOf(loops),
    list: namesOf(lists),
    item: lists.length > 0,
  };
  const { action, path } = placed;
  const templates = Object.fromEntries(Object.entries(action).filter(([key]) => !NO_TEMPLATES.has(key)));
  const { plain, perItem } = splitInputs(placed, objectOf(action['inputs']));
  if (typeOf(placed) === 'until') {
    // It is evaluated after a round, within it.
    const inside = namesOf([...before, ...all.filter((one) => around(one).includes(placed))]);
    const end = { ...known, action: inside, scope: inside, loop: namesOf([...loops, placed]) };
    return checkTemplate({ expression: action['expression'] }, { path: pointer(path), known: end });
  }
  return [
    ...checkTemplate({ ...templates, ...plain }, { path: pointer(path), known }),
    ...checkTemplate(perItem, { path: pointer([...path, 'inputs']), known: { ...known, item: true } }),
  ];
}

/** The inputs without what is no template, and those of them that are evaluated for each item. */
function splitInputs(placed: Placed, inputs: JsonObject): { plain: JsonObject; perItem: JsonObject } {
  const type = typeOf(placed);
  const own = ITEM_BY_ITEM.get(type);
  if (own === undefined && type !== 'parsejson') return { plain: {}, perItem: {} };
  const rest = Object.entries(inputs).filter(([key]) => key !== (own ?? 'schema'));
  return {
    plain: { inputs: Object.fromEntries(rest) },
    perItem: own !== undefined && Object.hasOwn(inputs, own) ? { [own]: inputs[own] } : {},
  };
}

function typeOf({ action }: Placed): string {
  return String(action['type']).toLowerCase();
}

/** A parameter's default is a value: so no parameter can be made of itself. */
function checkParameters(parameters: JsonObject): TemplateProblem[] {
  return Object.entries(parameters).flatMap(([name, parameter]) => {
    const path = pointer(['parameters', name, 'defaultValue']);
    return holdsExpression(objectOf(parameter)['defaultValue'])
      ? [{ path, message: 'is not evaluated: write a value, or @@ for a text that begins with @' }]
      : [];
  });
}

function holdsExpression(value: unknown): boolean {
  if (typeof value === 'string') return /^@(?!@)|(?<!@)@\{/.test(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsExpression);
}

/** The variables that an action initializes. */
function variablesOf(action: JsonObject): string[] {
  if (String(action['type']).toLowerCase() !== 'initializevariable') return [];
  const variables = objectOf(action['inputs'])['variables'];
  return (isList(variables) ? variables : []).filter(isObject).map(({ name }) => String(name));
}

/** Every action of the flow, also those within others. */
function placedActions(actions: unknown, path: string[], within: Placed | undefined): Placed[] {
  const beside = new Map<string, Placed>();
  for (const [name, action] of Object.entries(objectOf(actions))) {
    if (isObject(action)) beside.set(name, { name, action, path: [...path, name], beside, within });
  }
  return [...beside.values()].flatMap((placed) => [
    placed,
    ...branchesOf(placed).flatMap((branch) => placedActions(branch.actions, branch.path, placed)),
  ]);
}

function branchesOf({ action, path }: Placed): { actions: unknown; path: string[] }[] {
  const cases = Object.entries(objectOf(action['cases']));
  return [
    { actions: action['actions'], path: [...path, 'actions'] },
    { actions: objectOf(action['else'])['actions'], path: [...path, 'else', 'actions'] },
    { actions: objectOf(action['default'])['actions'], path: [...path, 'default', 'actions'] },
    ...cases.map(([name, one]) => ({
      actions: objectOf(one)['actions'],
      path: [...path, 'cases', name, 'actions'],
    })),
  ];
}

function around({ within }: Placed): Placed[] {
  return within ? [within, ...around(within)] : [];
}

/** The actions that have ended when this one starts: those that it and the actions around it wait for, and all within them. */
function endedBefore(placed: Placed, all: readonly Placed[]): Placed[] {
  const waitedFor = new Set<Placed>();
  const follow = ({ action, beside }: Placed): void => {
    for (const name of Object.keys(objectOf(action['runAfter']))) {
      const before = beside.get(name);
      if (!before || waitedFor.has(before)) continue;
      waitedFor.add(before);
      follow(before);
    }
  };
  for (const one of [placed, ...around(placed)]) follow(one);
  return all.filter((one) => [one, ...around(one)].some((each) => waitedFor.has(each)));
}

function namesOf(all: readonly Placed[]): Set<string> {
  return new Set(all.map(({ name }) => name));
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
