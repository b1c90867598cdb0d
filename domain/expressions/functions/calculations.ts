import { FunctionProblem } from '../expression-error';
import { formatNumber } from '../numbers/format-number';
import { localeOf } from '../numbers/parse-number';
import { wordsFrom } from '../random';
import { asFloat, isList, plain, type WholeFloat } from '../values';
import { checked, define, either, floating, integer, list, number, optional, text } from './define';

/** Whole numbers beyond these are errors: JavaScript and JSON would round them. */
const LARGEST = Number.MAX_SAFE_INTEGER;

function calculation(
  name: string,
  says: string,
  calculate: (a: number, b: number, integers: boolean) => number,
) {
  return define({
    name,
    group: 'Numbers',
    says,
    parameters: [floating('first'), floating('second')],
    call: ([first, second]) => {
      const integers = isInteger(first) && isInteger(second);
      const made = calculate(valueOf(first), valueOf(second), integers);
      if (!Number.isFinite(made)) throw new FunctionProblem(`${name}() makes a number that is too large`);
      if (!integers) return asFloat(made);
      // ticks() are larger than what is kept exactly, and are subtracted from each other.
      if (Math.abs(made) > LARGEST && !isLarge(first) && !isLarge(second)) {
        throw new FunctionProblem(`${name}() makes a whole number beyond ${LARGEST}`);
      }
      return made === 0 ? 0 : made;
    },
  });
}

export const calculations = [
  calculation('add', 'The sum.', (a, b) => a + b),
  calculation('sub', 'The difference.', (a, b) => a - b),
  calculation('mul', 'The product.', (a, b) => a * b),
  calculation('div', 'The quotient; of two whole numbers the whole part of it.', (a, b, integers) => {
    if (b === 0) throw new FunctionProblem('div() divides by zero');
    return integers ? Math.trunc(a / b) : a / b;
  }),
  calculation('mod', 'The remainder, with the sign of the first.', (a, b) => {
    if (b === 0) throw new FunctionProblem('mod() divides by zero');
    return a % b;
  }),
  extreme('max', 'The largest of the numbers, or of one list of numbers.', (a, b) => b > a),
  extreme('min', 'The smallest of the numbers, or of one list of numbers.', (a, b) => b < a),
  define({
    name: 'rand',
    group: 'Numbers',
    says: 'A whole number from the first up to before the second. The same again when the run is replayed; not for secrets.',
    parameters: [integer('smallest'), integer('above largest')],
    call: ([smallest, above], { seed }) => {
      if (above <= smallest) throw new FunctionProblem('rand() takes a second number above the first');
      const [high, low] = wordsFrom(seed());
      return smallest + Math.floor(((high * 2 ** 21 + (low >>> 11)) / 2 ** 53) * (above - smallest));
    },
  }),
  define({
    name: 'formatNumber',
    group: 'Numbers',
    says: 'The number as text in a .NET format (`N2`, `C`, `0.00`, …), as in a locale (default en-US).',
    parameters: [number('number'), text('format'), optional(text('locale'))],
    call: ([value, format, locale]) => formatNumber(value, format, localeOf('formatNumber', locale)),
  }),
];

function extreme(name: string, says: string, better: (a: number, b: number) => boolean) {
  return define({
    name,
    group: 'Numbers',
    says,
    parameters: [],
    rest: { parameter: either(floating('number'), list('list')), least: 1 },
    call: (_values, { rest }) => {
      const [only] = rest;
      const all = rest.length === 1 && isList(only) ? only : rest;
      const numbers = all.map((value, index) => checked(name, floating('number'), value, index));
      if (numbers.length === 0) throw new FunctionProblem(`${name}() is given no number`);
      return numbers.reduce((best, one) => (better(valueOf(best), valueOf(one)) ? one : best));
    },
  });
}

function isInteger(value: number | WholeFloat): boolean {
  return Number.isInteger(value);
}

function isLarge(value: number | WholeFloat): boolean {
  return Math.abs(valueOf(value)) > LARGEST;
}

function valueOf(value: number | WholeFloat): number {
  return Number(plain(value));
}
