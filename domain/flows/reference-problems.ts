import { expressionProblems } from './expression-problems';
import { pointer, type DefinitionProblem } from './definition-path';
import { isRaw, type RawBlock } from './raw-definition';

/** Expressions and variable actions that name an action, loop, variable or parameter that does not exist. */
export function referenceProblems(body: unknown, blocks: readonly RawBlock[]): DefinitionProblem[] {
  if (!isRaw(body)) return [];
  const variables = new Set(blocks.flatMap(({ actions }) => Object.values(actions).flatMap(initialized)));
  return [
    ...blocks.flatMap((block, index) => blockProblems(block, variables, index === 0)),
    ...expressionProblems(body),
  ];
}

function blockProblems(
  { path, actions }: RawBlock,
  variables: ReadonlySet<string>,
  outermost: boolean,
): DefinitionProblem[] {
  return Object.entries(actions).flatMap(([name, action]) => {
    const at = [...path, name];
    const problems: DefinitionProblem[] = [];
    const type = action['type'];
    if (type === 'InitializeVariable' && !outermost) {
      problems.push({ path: pointer(at), message: 'may stand only outside of other actions' });
    }
    const inputs = action['inputs'];
    const variable = isRaw(inputs) ? inputs['name'] : undefined;
    const changes = typeof type === 'string' && CHANGES_VARIABLE.has(type);
    if (changes && typeof variable === 'string' && !variables.has(variable)) {
      problems.push({
        path: pointer([...at, 'inputs', 'name']),
        message: `names the variable "${variable}", which no InitializeVariable makes`,
      });
    }
    return problems;
  });
}

const CHANGES_VARIABLE: ReadonlySet<string> = new Set([
  'SetVariable',
  'IncrementVariable',
  'DecrementVariable',
  'AppendToArrayVariable',
  'AppendToStringVariable',
]);

function initialized(action: Readonly<Record<string, unknown>>): string[] {
  const inputs = action['inputs'];
  if (action['type'] !== 'InitializeVariable' || !isRaw(inputs) || !Array.isArray(inputs['variables']))
    return [];
  return inputs['variables'].flatMap((each: unknown) =>
    isRaw(each) && typeof each['name'] === 'string' ? [each['name']] : [],
  );
}
