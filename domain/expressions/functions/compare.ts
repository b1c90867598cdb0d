import { FunctionProblem } from '../expression-error';
import { kindOf } from '../values';

/** Below 0, 0 or above 0. Texts by their characters' codes. @throws FunctionProblem for a number and a text. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b);
  throw new FunctionProblem(`${kindOf(a)} cannot be compared with ${kindOf(b)}`);
}
