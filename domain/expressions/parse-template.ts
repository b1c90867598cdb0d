import { ExpressionError } from './expression-error';
import { findFunction } from './functions/catalogue';
import { grammar } from './grammar.generated';
import { expressionLimits } from './limits';
import { callsIn, expressionsIn, type CallNode, type Template } from './syntax';

/**
 * Parses a string with expressions: `@…` as a whole is one, `@{…}` stands anywhere in it, `@@` at its beginning stands for `@`. The
 * functions that it calls exist and are given as many values as they take.
 * @throws ExpressionError
 */
export function parseTemplate(text: string): Template {
  if (!text.includes('@')) return { kind: 'text', text };
  if (text.startsWith('@@')) return { kind: 'text', text: text.slice(1) };
  requireWithinLimits(text);
  const template = parse(text);
  for (const node of expressionsIn(template)) {
    for (const call of callsIn(node)) requireFunction(text, call);
  }
  return template;
}

function parse(text: string): Template {
  try {
    return grammar.parse(text) as Template;
  } catch (error) {
    if (!(error instanceof grammar.SyntaxError)) throw error;
    throw new ExpressionError(text, syntaxProblem(error), error.location.start.offset);
  }
}

interface SyntaxProblem {
  expected: { type: string; description?: string; text?: string }[];
  found: string | null;
}

function syntaxProblem({ expected, found }: SyntaxProblem): string {
  const wanted = expected.flatMap(({ type, description, text }) => {
    if (description === 'white space') return [];
    if (type === 'end') return ['the end'];
    return [description ?? (text === undefined ? 'something else' : `"${text}"`)];
  });
  return `${found === null ? 'it ends' : `there is "${found}"`} where one of these should stand: ${[...new Set(wanted)].sort().join(', ')}`;
}

/** Before the text is parsed, so that the parser's own depth is bounded. */
function requireWithinLimits(text: string): void {
  const { characters, depth } = expressionLimits;
  const refuse = (problem: string, at: number): never => {
    throw new ExpressionError(text, problem, at, 'ExpressionLimitExceeded');
  };
  if (text.length > characters && /^@|@\{/.test(text)) refuse(`it has more than ${characters} characters`, 0);
  let open = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (character === '(' || character === '[') open++;
    else if (character === ')' || character === ']') open--;
    if (open > depth) refuse(`more than ${depth} brackets are open`, at);
  }
}

function requireFunction(text: string, { name, values, at }: CallNode): void {
  const found = findFunction(name);
  if (!found) throw new ExpressionError(text, `there is no function ${name}()`, at);
  const { least, most } = found;
  if (values.length >= least && values.length <= most) return;
  const wanted =
    least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  const noun = wanted === '1' || wanted === 'at least 1' ? 'value' : 'values';
  throw new ExpressionError(text, `${found.name}() takes ${wanted} ${noun}, not ${values.length}`, at);
}
