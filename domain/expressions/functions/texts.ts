import { FunctionProblem } from '../expression-error';
import { wordsFrom } from '../random';
import { asText, requireItems, requireLength } from '../values';
import { anything, define, integer, optional, text } from './define';

const whole = text('text');

export const texts = [
  define({
    name: 'concat',
    group: 'Text',
    says: 'The values as one text: null is nothing, lists and objects become JSON.',
    parameters: [],
    rest: { parameter: anything('value'), least: 1 },
    call: (_values, { rest }) => {
      let joined = '';
      for (const value of rest) {
        joined += asText(value);
        requireLength(joined.length);
      }
      return joined;
    },
  }),
  define({
    name: 'toLower',
    group: 'Text',
    says: 'In small letters.',
    parameters: [whole],
    call: ([value]) => value.toLowerCase(),
  }),
  define({
    name: 'toUpper',
    group: 'Text',
    says: 'In capital letters.',
    parameters: [whole],
    call: ([value]) => value.toUpperCase(),
  }),
  define({
    name: 'trim',
    group: 'Text',
    says: 'Without white space at both ends.',
    parameters: [whole],
    call: ([value]) => value.trim(),
  }),
  define({
    name: 'substring',
    group: 'Text',
    says: 'The characters from a place (from 0) on, or so many of them.',
    parameters: [whole, integer('start'), optional(integer('length'))],
    call: ([value, start, length = value.length - start]) => {
      if (start < 0 || length < 0 || start + length > value.length) {
        throw new FunctionProblem(
          `substring() of ${length} characters from ${start} goes beyond the text, which has ${value.length}`,
        );
      }
      return value.slice(start, start + length);
    },
  }),
  define({
    name: 'slice',
    group: 'Text',
    says: 'The characters from a place up to before another; negative places count from the end.',
    parameters: [whole, integer('start'), optional(integer('end'))],
    call: ([value, start, end]) => value.slice(start, end),
  }),
  define({
    name: 'replace',
    group: 'Text',
    says: 'With every occurrence of the second text replaced by the third.',
    parameters: [whole, text('old'), text('new')],
    call: ([value, old, replacement]) => {
      if (old === '') throw new FunctionProblem('replace() takes no empty text as value 2 (old)');
      const pieces = value.split(old);
      requireLength(value.length + (pieces.length - 1) * (replacement.length - old.length));
      return pieces.join(replacement);
    },
  }),
  define({
    name: 'split',
    group: 'Text',
    says: 'The pieces between a separator; without one, between white space.',
    parameters: [whole, optional(text('separator'))],
    call: ([value, separator]) => {
      const pieces =
        separator === undefined
          ? value.trim().split(/\s+/)
          : separator === ''
            ? [value]
            : value.split(separator);
      requireItems(pieces.length);
      return pieces;
    },
  }),
  define({
    name: 'indexOf',
    group: 'Text',
    says: 'The first place (from 0) of a text in another whatever the case, or -1.',
    parameters: [whole, text('search')],
    call: ([value, search]) => folded(value).indexOf(folded(search)),
  }),
  define({
    name: 'lastIndexOf',
    group: 'Text',
    says: 'The last place (from 0) of a text in another whatever the case, or -1.',
    parameters: [whole, text('search')],
    call: ([value, search]) =>
      search === '' && value !== '' ? value.length - 1 : folded(value).lastIndexOf(folded(search)),
  }),
  define({
    name: 'nthIndexOf',
    group: 'Text',
    says: 'The place (from 0) of the nth occurrence whatever the case, or -1; a negative n counts from the end.',
    parameters: [whole, text('search'), integer('occurrence')],
    call: ([value, search, occurrence]) => nthIndexOf(folded(value), folded(search), occurrence),
  }),
  define({
    name: 'startsWith',
    group: 'Text',
    says: 'Whether a text begins with another, whatever the case.',
    parameters: [whole, text('search')],
    call: ([value, search]) => folded(value).startsWith(folded(search)),
  }),
  define({
    name: 'endsWith',
    group: 'Text',
    says: 'Whether a text ends with another, whatever the case.',
    parameters: [whole, text('search')],
    call: ([value, search]) => folded(value).endsWith(folded(search)),
  }),
  define({
    name: 'guid',
    group: 'Text',
    says: 'A new GUID in the format N, D (default), B or P. The same again when the run is replayed; not for secrets.',
    parameters: [optional(text('format'))],
    call: ([format = 'D'], { seed }) => guid(format, seed()),
  }),
];

/** Small letters, each character still at its place. */
function folded(value: string): string {
  const small = value.toLowerCase();
  if (small.length === value.length) return small;
  return Array.from(value, (character) => {
    const one = character.toLowerCase();
    return one.length === character.length ? one : character;
  }).join('');
}

function nthIndexOf(value: string, search: string, occurrence: number): number {
  if (occurrence === 0)
    throw new FunctionProblem('nthIndexOf() counts occurrences from 1, or from -1 backwards');
  if (search === '') return 0;
  let found = occurrence > 0 ? -1 : value.length;
  for (let left = Math.abs(occurrence); left > 0; left--) {
    if (occurrence < 0 && found === 0) return -1;
    found = occurrence > 0 ? value.indexOf(search, found + 1) : value.lastIndexOf(search, found - 1);
    if (found < 0) return -1;
  }
  return found;
}

/** Version 8 of RFC 9562: made by a rule of our own. */
function guid(format: string, seed: string): string {
  const hex = wordsFrom(seed)
    .map((word) => word.toString(16).padStart(8, '0'))
    .join('');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  const digits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17)}`;
  const dashed = digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  switch (format.toUpperCase()) {
    case 'N':
      return digits;
    case 'D':
      return dashed;
    case 'B':
      return `{${dashed}}`;
    case 'P':
      return `(${dashed})`;
    default:
      throw new FunctionProblem(`guid() has the formats N, D, B and P, not "${format}"`);
  }
}
