import { compare } from './compare';
import { anything, boolean, checked, define, defineLazy, either, number, text } from './define';
import { identityOf, plain } from '../values';

const comparable = (name: string) => either(number(name), text(name));

function comparison(name: string, says: string, holds: (order: number) => boolean) {
  return define({
    name,
    group: 'Logic',
    says: `Whether the first value is ${says} the second: two numbers or two texts.`,
    parameters: [comparable('first'), comparable('second')],
    call: ([first, second]) => holds(compare(first, second)),
  });
}

const expression = boolean('expression');

export const logic = [
  define({
    name: 'equals',
    group: 'Logic',
    says: 'Whether two values are equal, at any depth; true equals 1, false equals 0.',
    parameters: [anything('first'), anything('second')],
    call: ([first, second]) => equal(first, second),
  }),
  comparison('greater', 'greater than', (order) => order > 0),
  comparison('greaterOrEquals', 'greater than or equal to', (order) => order >= 0),
  comparison('less', 'less than', (order) => order < 0),
  comparison('lessOrEquals', 'less than or equal to', (order) => order <= 0),
  defineLazy({
    name: 'if',
    group: 'Logic',
    says: 'The second value when the first is true, else the third; only that one is evaluated.',
    takes: ['expression', 'when true', 'when false'],
    least: 3,
    most: 3,
    call: ({ values: [first, whenTrue, whenFalse] }) =>
      checked('if', expression, first?.(), 0) ? whenTrue?.() : whenFalse?.(),
  }),
  defineLazy({
    name: 'and',
    group: 'Logic',
    says: 'Whether all are true; evaluated up to the first that is not.',
    takes: ['expression', '…'],
    least: 1,
    most: Infinity,
    call: ({ values }) => values.every((value, index) => checked('and', expression, value(), index)),
  }),
  defineLazy({
    name: 'or',
    group: 'Logic',
    says: 'Whether at least one is true; evaluated up to the first that is.',
    takes: ['expression', '…'],
    least: 1,
    most: Infinity,
    call: ({ values }) => values.some((value, index) => checked('or', expression, value(), index)),
  }),
  define({
    name: 'not',
    group: 'Logic',
    says: 'The opposite.',
    parameters: [expression],
    call: ([value]) => !value,
  }),
  defineLazy({
    name: 'coalesce',
    group: 'Logic',
    says: 'The first value that is not null; evaluated up to it.',
    takes: ['value', '…'],
    least: 1,
    most: Infinity,
    call: ({ values }) => {
      for (const value of values) {
        const found = value();
        if (found !== null && found !== undefined) return found;
      }
      return null;
    },
  }),
];

function equal(a: unknown, b: unknown): boolean {
  if (typeof a === 'boolean' && typeof b === 'number') return Number(a) === b;
  if (typeof a === 'number' && typeof b === 'boolean') return a === Number(b);
  return identityOf(plain(a) ?? null) === identityOf(plain(b) ?? null);
}
