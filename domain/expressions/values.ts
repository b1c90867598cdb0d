import { FunctionProblem } from './expression-error';
import { expressionLimits } from './limits';

/**
 * A floating-point number that happens to be whole, such as `5.0` or `float('5')`. Only calculations tell it from the integer 5 (a
 * division by it is not of integers); wherever else a value goes it is the plain number.
 */
export class WholeFloat {
  constructor(readonly value: number) {}
}

/** A floating-point result: marked where a plain number would look like an integer. */
export function asFloat(value: number): number | WholeFloat {
  return Number.isInteger(value) ? new WholeFloat(value) : value;
}

export function plain(value: unknown): unknown {
  return value instanceof WholeFloat ? value.value : value;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WholeFloat)
  );
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** What a value is, in words for a message. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'number' || value instanceof WholeFloat ? 'a number' : 'an object';
}

/**
 * Text of a value inside a string: text as it is, null as nothing, `True` and `False` as the public reference's engine writes them, everything
 * else as JSON.
 */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? value : JSON.stringify(requireSmall(value));
}

/** A text by which values that are equal are the same: objects whatever the order of their properties. */
export function identityOf(value: unknown): string {
  return JSON.stringify(requireSmall(value), (_key, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : Number(a > b))))
      : inner,
  );
}

/**
 * The value itself.
 * @throws FunctionProblem ExpressionLimitExceeded when as JSON it would be too long, too deep or have too many items. Stops at the limit: a
 * value that holds itself many times over is not walked to its end.
 */
export function requireSmall<T>(value: T): T {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 1 }];
  let characters = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: inner, depth } = next;
    if (typeof inner === 'string') characters += inner.length + 2;
    else if (typeof inner !== 'object' || inner === null) characters += 4;
    else {
      if (depth > expressionLimits.depth)
        throw tooMuch(`more than ${expressionLimits.depth} lists or objects within each other`);
      const entries = Object.entries(inner);
      characters += 2 + entries.length;
      if (!Array.isArray(inner)) characters += entries.reduce((sum, [key]) => sum + key.length + 3, 0);
      if (characters <= expressionLimits.resultCharacters) {
        for (const [, child] of entries) open.push({ value: child, depth: depth + 1 });
      }
    }
    requireLength(characters);
  }
  return value;
}

/** @throws FunctionProblem ExpressionLimitExceeded; called before a long text is made. */
export function requireLength(characters: number): void {
  if (characters > expressionLimits.resultCharacters) {
    throw tooMuch(`more than ${expressionLimits.resultCharacters} characters`);
  }
}

/** @throws FunctionProblem ExpressionLimitExceeded */
export function requireItems(count: number): void {
  if (count > expressionLimits.items) throw tooMuch(`more than ${expressionLimits.items} items`);
}

function tooMuch(what: string): FunctionProblem {
  return new FunctionProblem(`the result has ${what}`, 'ExpressionLimitExceeded');
}
