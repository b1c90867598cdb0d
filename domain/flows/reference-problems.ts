import { ExpressionError } from '../expressions/expression-error';
import { parseTemplate } from '../expressions/parse-template';
import { pointer, type DefinitionProblem } from './definition-path';
import { isRaw, type RawBlock } from './raw-definition';
import { referencesIn, type Reference } from './references';

/** What a definition has that its expressions can name. */
interface Known {
  actions: ReadonlySet<string>;
  variables: ReadonlySet<string>;
  parameters: ReadonlySet<string>;
}

/** Expressions and variable actions that name an action, loop, variable or parameter that does not exist. */
export function referenceProblems(body: unknown, blocks: readonly RawBlock[]): DefinitionProblem[] {
  if (!isRaw(body)) return [];
  const known: Known = {
    actions: new Set(blocks.flatMap(({ actions }) => Object.keys(actions))),
    variables: new Set(blocks.flatMap(({ actions }) => Object.values(actions).flatMap(initialized))),
    parameters: new Set(isRaw(body['parameters']) ? Object.keys(body['parameters']) : []),
  };
  return [
    ...blocks.flatMap((block, index) => blockProblems(block, known, index === 0)),
    ...unknownNames(body['outputs'], { known, loops: [], path: ['outputs'] }),
  ];
}

function blockProblems(
  { path, actions, loops }: RawBlock,
  known: Known,
  outermost: boolean,
): DefinitionProblem[] {
  return Object.entries(actions).flatMap(([name, action]) => {
    const at = [...path, name];
    const problems = OWN_PARTS.flatMap((part) =>
      unknownNames(action[part], { known, loops, path: [...at, part] }),
    );
    const type = action['type'];
    if (type === 'InitializeVariable' && !outermost) {
      problems.push({ path: pointer(at), message: 'may stand only outside of other actions' });
    }
    const inputs = action['inputs'];
    const variable = isRaw(inputs) ? inputs['name'] : undefined;
    const changes = typeof type === 'string' && CHANGES_VARIABLE.has(type);
    if (changes && typeof variable === 'string' && !known.variables.has(variable)) {
      problems.push({
        path: pointer([...at, 'inputs', 'name']),
        message: `names the variable "${variable}", which no InitializeVariable makes`,
      });
    }
    return problems;
  });
}

/** Where the expressions of an action itself stand; those of actions inside it belong to their own block. */
const OWN_PARTS = ['inputs', 'expression', 'foreach'];

const CHANGES_VARIABLE: ReadonlySet<string> = new Set([
  'SetVariable',
  'IncrementVariable',
  'DecrementVariable',
  'AppendToArrayVariable',
  'AppendToStringVariable',
]);

function unknownNames(
  template: unknown,
  { known, loops, path }: { known: Known; loops: string[]; path: string[] },
): DefinitionProblem[] {
  const isKnown = ({ call, name }: Reference): boolean => {
    if (call === 'variables') return known.variables.has(name);
    if (call === 'parameters') return known.parameters.has(name);
    return call === 'items' || call === 'iterationindexes' ? loops.includes(name) : known.actions.has(name);
  };
  const unknown = new Set(
    referencesIn(template)
      .filter((reference) => !isKnown(reference))
      .map(({ call, name }) => `names ${WHAT[call] ?? 'the action'} "${name}", which does not exist here`),
  );
  return [
    ...[...unknown].map((message) => ({ path: pointer(path), message })),
    ...syntaxProblems(template, path),
  ];
}

/** Expressions that cannot be understood, each at its own place. */
function syntaxProblems(template: unknown, path: string[]): DefinitionProblem[] {
  if (typeof template === 'string') {
    try {
      parseTemplate(template);
      return [];
    } catch (cause) {
      if (!(cause instanceof ExpressionError)) throw cause;
      return [{ path: pointer(path), message: cause.message }];
    }
  }
  if (template === null || typeof template !== 'object') return [];
  return Object.entries(template).flatMap(([key, value]) => syntaxProblems(value, [...path, key]));
}

const WHAT: Record<string, string> = {
  variables: 'the variable',
  parameters: 'the parameter',
  items: 'the loop',
  iterationindexes: 'the loop',
};

function initialized(action: Readonly<Record<string, unknown>>): string[] {
  const inputs = action['inputs'];
  if (action['type'] !== 'InitializeVariable' || !isRaw(inputs) || !Array.isArray(inputs['variables']))
    return [];
  return inputs['variables'].flatMap((each: unknown) =>
    isRaw(each) && typeof each['name'] === 'string' ? [each['name']] : [],
  );
}
