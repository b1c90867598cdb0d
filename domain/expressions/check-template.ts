import { ExpressionError } from './expression-error';
import { findFunction } from './functions/catalogue';
import type { NamedThing } from './functions/define';
import { expressionLimits } from './limits';
import { parseTemplate } from './parse-template';
import { callsIn, expressionsIn, type CallNode } from './syntax';

/** What is wrong in a template, and where. */
export interface TemplateProblem {
  /** Place in the definition: a JSON Pointer (RFC 6901). */
  path: string;
  message: string;
  /** The string that is wrong, and the place in it from 0. */
  expression?: string;
  at?: number;
}

/** Names that exist where a template stands; of what is absent nothing is known. */
export type KnownNames = Partial<Record<NamedThing, ReadonlySet<string>>> & {
  /** Whether `item()` is anything there. */
  item?: boolean;
};

/**
 * Problems of every string in `value`, at any depth: syntax, unknown functions, numbers of values, names of what does not exist. Never
 * throws.
 * @param options.path JSON Pointer of the place where `value` stands.
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
    checkAt(inner, path + pointerStep(key), known, depth + 1),
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
  const found = findFunction(call.name);
  if (found?.name === 'item' && known.item === false) {
    const problem = 'item() is the item of a Foreach, Select, Query or Table, and none of them is around it';
    return [
      { path, message: new ExpressionError(text, problem, call.at).message, expression: text, at: call.at },
    ];
  }
  const thing = found?.names;
  const [name] = call.values;
  const names = thing && known[thing];
  if (!names || name === undefined) return [];
  const isText = name.type === 'literal' && typeof name.value === 'string';
  if (isText && names.has(String(name.value))) return [];
  const at = name.type === 'path' ? name.root.at : name.at;
  const problem = isText
    ? `"${name.value}" is no ${NOUN[thing]} that ${REACH[thing]}`
    : `${call.name}() takes the name of the ${NOUN[thing]} as a text in quotes`;
  return [{ path, message: new ExpressionError(text, problem, at).message, expression: text, at }];
}

const REACH: Readonly<Record<NamedThing, string>> = {
  action: 'ends before this one (runAfter)',
  scope: 'ends before this one (runAfter)',
  variable: 'was initialized before',
  parameter: 'the flow has',
  loop: 'is around this action',
  list: 'is around this action and goes over a list',
};

const NOUN: Readonly<Record<NamedThing, string>> = {
  action: 'action',
  scope: 'scope',
  variable: 'variable',
  parameter: 'parameter',
  loop: 'loop',
  list: 'loop',
};

function pointerStep(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
