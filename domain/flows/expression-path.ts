import { ExpressionError } from './expression-error';

/** What expressions can see. */
export interface ExpressionScope {
  triggerBody: unknown;
  /** Outputs of the actions that have ended, by name. */
  outputs: Readonly<Record<string, unknown>>;
}

const CALL = /^\s*(triggerBody|outputs|body)\s*\(\s*(?:'((?:[^']|'')*)')?\s*\)/i;
const STEP = /^(\?)?(?:\[\s*(?:'((?:[^']|'')*)'|(\d+))\s*\]|\.([A-Za-z_][\w-]*))/;

/**
 * Evaluates one expression without its `@`: `triggerBody()`, `outputs('x')` or `body('x')`, then any number of `['a']`, `[0]` or
 * `.a`; a step behind `?` gives null where there is nothing.
 * @throws ExpressionError naming what is wrong.
 */
export function evaluatePath(expression: string, scope: ExpressionScope): unknown {
  const call = CALL.exec(expression);
  if (!call?.[1]) {
    throw new ExpressionError(expression, "must begin with triggerBody(), outputs('…') or body('…')");
  }
  let value = root(expression, call[1].toLowerCase(), unquoted(call[2]), scope);
  let rest = expression.slice(call[0].length).trim();
  while (rest !== '') {
    const step = STEP.exec(rest);
    if (!step) throw new ExpressionError(expression, `cannot be understood at "${rest}"`);
    const key = step[3] === undefined ? (unquoted(step[2]) ?? step[4] ?? '') : Number(step[3]);
    value = child(expression, value, key, step[1] === '?');
    rest = rest.slice(step[0].length);
  }
  return value;
}

function root(
  expression: string,
  name: string,
  argument: string | undefined,
  scope: ExpressionScope,
): unknown {
  if (name === 'triggerbody') {
    if (argument !== undefined)
      throw new ExpressionError(expression, 'passes an argument that triggerBody() has not');
    return scope.triggerBody ?? null;
  }
  if (argument === undefined) throw new ExpressionError(expression, 'names no action');
  if (!Object.hasOwn(scope.outputs, argument)) {
    throw new ExpressionError(expression, `names "${argument}", which is not an action that ended before`);
  }
  return scope.outputs[argument] ?? null;
}

function child(expression: string, value: unknown, key: string | number, optional: boolean): unknown {
  const found = lookup(value, key);
  if (found !== undefined) return found;
  if (optional) return null;
  throw new ExpressionError(
    expression,
    `finds nothing at ${JSON.stringify(key)}; write ? before it where it may be missing`,
  );
}

function lookup(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return typeof key === 'number' ? (value as unknown[])[key] : undefined;
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function unquoted(text: string | undefined): string | undefined {
  return text?.replaceAll("''", "'");
}
