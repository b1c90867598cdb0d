import { ExpressionError } from './expression-error';
import { findFunction } from './functions/catalogue';
import type { NamedThing } from './functions/define';
import { expressionLimits } from './limits';
import { parseTemplate } from './parse-template';
import { callsIn, expressionsIn, type CallNode } from './syntax';

/** What is wrong in a template, and where. */
export interface TemplateProblem {
  /** Place in the definition, such as `actions.Read.inputs.text`. */
  path: string;
  message: string;
  /** The string that is wrong, and the place in it from 0. */
  expression?: string;
  at?: number;
}

/** Names that exist where a template stands; of what is absent nothing is known. */
export type KnownNames = Partial<Record<NamedThing, ReadonlySet<string>>>;

/**
 * Problems of every string in `value`, at any depth: syntax, unknown functions, numbers of values, names of what does not exist. Never
 * throws.
 * @param options.path where `value` stands.
 */
export function checkTemplate(
  value: unknown,
  options: { path: string; known?: KnownNames },
): TemplateProblem[] {
  return checkAt(value, options.path, options.known ?? {}, 1);
}

function checkAt(value: unknown, path: string, known: KnownNames, depth: number): TemplateProblem[] {
  if (typeof value === 'string') return checkText(value, path, known);
  if (typeof value !== 'object' || value === null) return [];
  if (depth > expressionLimits.depth) {
    return [{ path, message: `has more than ${expressionLimits.depth} lists or objects within each other` }];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    checkAt(inner, path === '' ? key : `${path}.${key}`, known, depth + 1),
  );
}

function checkText(text: string, path: string, known: KnownNames): TemplateProblem[] {
  try {
    const calls = expressionsIn(parseTemplate(text)).flatMap((node) => [...callsIn(node)]);
    return calls.flatMap((call) => checkName(text, call, path, known));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return [{ path, message: error.message, expression: text, at: error.at }];
  }
}

function checkName(text: string, call: CallNode, path: string, known: KnownNames): TemplateProblem[] {
  const thing = findFunction(call.name)?.names;
  const [name] = call.values;
  if (thing === undefined || name?.type !== 'literal' || typeof name.value !== 'string') return [];
  const names = known[thing];
  if (!names || names.has(name.value)) return [];
  const problem = `"${name.value}" is no ${thing} that ${REACH[thing]}`;
  return [
    { path, message: new ExpressionError(text, problem, name.at).message, expression: text, at: name.at },
  ];
}

const REACH: Readonly<Record<NamedThing, string>> = {
  action: 'ends before this one (runAfter)',
  scope: 'ends before this one (runAfter)',
  variable: 'was initialized before',
  parameter: 'the flow has',
  loop: 'is around this action',
};
