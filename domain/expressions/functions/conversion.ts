import { FunctionProblem } from '../expression-error';
import { localeOf, parseFloatText } from '../numbers/parse-number';
import { asFloat, asText, kindOf, requireLength, requireSmall } from '../values';
import { anything, define, either, number, optional, text } from './define';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DATA_URI = /^data:([^,]*?)(;base64)?,(.*)$/s;
const INTEGER = /^\s*[+-]?\d+\s*$/;

const value = text('value');

export const conversion = [
  define({
    name: 'string',
    group: 'Conversion',
    says: 'The value as text: null is nothing, true is `True`, lists and objects become JSON.',
    parameters: [anything('value')],
    call: ([given]) => asText(given),
  }),
  define({
    name: 'int',
    group: 'Conversion',
    says: 'The whole number that a text shows.',
    parameters: [either(value, number('value'))],
    call: ([given]) => {
      const made = typeof given === 'number' ? given : INTEGER.test(given) ? Number(given) : NaN;
      if (!Number.isSafeInteger(made))
        throw new FunctionProblem(`int() cannot read "${shown(given)}" as a whole number`);
      return made;
    },
  }),
  define({
    name: 'float',
    group: 'Conversion',
    says: 'The number that a text shows, written as in a locale (default en-US).',
    parameters: [either(value, number('value')), optional(text('locale'))],
    call: ([given, locale]) => {
      const made = typeof given === 'number' ? given : parseFloatText(given, localeOf('float', locale));
      if (made === undefined) throw new FunctionProblem(`float() cannot read "${shown(given)}" as a number`);
      return asFloat(made);
    },
  }),
  define({
    name: 'isInt',
    group: 'Conversion',
    says: 'Whether a text shows a whole number.',
    parameters: [value],
    call: ([given]) => INTEGER.test(given) && Number.isSafeInteger(Number(given)),
  }),
  define({
    name: 'isFloat',
    group: 'Conversion',
    says: 'Whether a text shows a number, written as in a locale (default en-US).',
    parameters: [value, optional(text('locale'))],
    call: ([given, locale]) => parseFloatText(given, localeOf('isFloat', locale)) !== undefined,
  }),
  define({
    name: 'bool',
    group: 'Conversion',
    says: "True or false of 'true', 'false' or a number; 0 is false.",
    parameters: [anything('value')],
    call: ([given]) => toBoolean(given),
  }),
  define({
    name: 'json',
    group: 'Conversion',
    says: 'The value that a JSON text holds; null is an empty object.',
    parameters: [anything('value')],
    call: ([given]) => toJson(given),
  }),
  define({
    name: 'array',
    group: 'Conversion',
    says: 'A list with this one item.',
    parameters: [anything('value')],
    call: ([given]) => [given ?? null],
  }),
  define({
    name: 'base64',
    group: 'Conversion',
    says: 'The text in base64.',
    parameters: [value],
    call: ([given]) => Buffer.from(given, 'utf8').toString('base64'),
  }),
  ...['base64ToString', 'decodeBase64'].map((name) =>
    define({
      name,
      group: 'Conversion',
      says: 'The text that base64 holds.',
      parameters: [value],
      call: ([given]) => fromBase64(name, given),
    }),
  ),
  define({
    name: 'dataUri',
    group: 'Conversion',
    says: 'A data URI of the text.',
    parameters: [value],
    call: ([given]) =>
      `data:text/plain;charset=utf-8;base64,${Buffer.from(given, 'utf8').toString('base64')}`,
  }),
  define({
    name: 'dataUriToString',
    group: 'Conversion',
    says: 'The text that a data URI holds.',
    parameters: [value],
    call: ([given]) => {
      const match = DATA_URI.exec(given);
      if (!match) throw new FunctionProblem(`dataUriToString() takes a data URI, not "${shown(given)}"`);
      const content = match[3] ?? '';
      return match[2] ? fromBase64('dataUriToString', content) : decoded('dataUriToString', content);
    },
  }),
  ...['uriComponent', 'encodeUriComponent'].map((name) =>
    define({
      name,
      group: 'Conversion',
      says: 'The text as part of an address: what is not safe there is escaped.',
      parameters: [value],
      call: ([given]) => encoded(name, given),
    }),
  ),
  ...['uriComponentToString', 'decodeUriComponent'].map((name) =>
    define({
      name,
      group: 'Conversion',
      says: 'The text of an escaped part of an address.',
      parameters: [value],
      call: ([given]) => decoded(name, given),
    }),
  ),
];

function toBoolean(given: unknown): boolean {
  if (typeof given === 'boolean') return given;
  if (typeof given === 'number') return given !== 0;
  const word = typeof given === 'string' ? given.trim().toLowerCase() : undefined;
  if (word === 'true' || word === 'false') return word === 'true';
  throw new FunctionProblem(
    `bool() takes 'true', 'false' or a number, not ${typeof given === 'string' ? `"${shown(given)}"` : kindOf(given)}`,
  );
}

function toJson(given: unknown): unknown {
  if (given === null || given === undefined) return {};
  if (typeof given !== 'string') return given;
  requireLength(given.length);
  let made: unknown;
  try {
    made = JSON.parse(given);
  } catch (cause) {
    throw new FunctionProblem(`json() is given no JSON: ${cause instanceof Error ? cause.message : ''}`);
  }
  return requireSmall(made);
}

function fromBase64(name: string, given: string): string {
  if (!BASE64.test(given)) throw new FunctionProblem(`${name}() is given no base64`);
  return Buffer.from(given, 'base64').toString('utf8');
}

function encoded(name: string, given: string): string {
  if (!given.isWellFormed()) throw new FunctionProblem(`${name}() is given half a character`);
  return encodeURIComponent(given).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decoded(name: string, given: string): string {
  try {
    return decodeURIComponent(given);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new FunctionProblem(`${name}() is given an escape that is none`);
  }
}

function shown(given: unknown): string {
  return String(given).slice(0, 50);
}
