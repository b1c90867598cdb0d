import { FunctionProblem } from './expression-error';
import { expressionLimits } from './limits';

/** What the least value counts: for being looked at. */
const LEAST = 8;

/**
 * Counts what functions read and make while a template is evaluated over and over. One expression is bounded by its length; only the number
 * of items times what each of them costs is not. It counts instead of looking at a clock, so that a replay ends where the run did.
 */
export class Work {
  private left: number = expressionLimits.work;
  /** Lists and objects of the scope are read again for each item. */
  private readonly known = new WeakMap<object, number>();

  /** The value itself. @throws FunctionProblem ExpressionLimitExceeded */
  spend<T>(value: T): T {
    this.left -= this.sizeOf(value);
    if (this.left >= 0) return value;
    throw new FunctionProblem(
      'it is too much work for so many items: read less in what is evaluated for each of them',
      'ExpressionLimitExceeded',
    );
  }

  private sizeOf(value: unknown): number {
    if (typeof value === 'string') return LEAST + value.length;
    if (typeof value !== 'object' || value === null) return LEAST;
    const known = this.known.get(value);
    if (known !== undefined) return known;
    const size = measured(value);
    this.known.set(value, size);
    return size;
  }
}

/** About the characters of JSON; stops at the most that a result may have. */
function measured(value: object): number {
  const open: unknown[] = [value];
  let size = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    size += LEAST;
    if (size > expressionLimits.resultCharacters) break;
    if (typeof next === 'string') size += next.length;
    else if (typeof next === 'object' && next !== null) {
      for (const [key, inner] of Object.entries(next)) {
        size += key.length;
        open.push(inner ?? null);
      }
    }
  }
  return size;
}
