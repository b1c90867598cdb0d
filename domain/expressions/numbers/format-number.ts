import { FunctionProblem } from '../expression-error';
import { requireLength } from '../values';
import { separators } from './parse-number';

/** Digits behind the point when a standard format names none, as .NET has them. */
const DEFAULT_DIGITS: Readonly<Record<string, number>> = { C: 2, D: 0, E: 6, F: 2, N: 2, P: 2, X: 0 };
const STANDARD = /^([A-Za-z])(\d{0,2})$/;

/**
 * A number in a .NET format: the standard ones (C, D, E, F, G, N, P, R, X; C in en-US alone) or a pattern of `0 # , . % ;` and literals.
 * @param locale gives the separators.
 * @throws FunctionProblem
 */
export function formatNumber(value: number, format: string, locale: string): string {
  requireLength(format.length);
  const standard = STANDARD.exec(format);
  if (!standard?.[1]) return pattern(value, format, locale);
  const letter = standard[1].toUpperCase();
  const digits = standard[2] ? Number(standard[2]) : (DEFAULT_DIGITS[letter] ?? 0);
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  switch (letter) {
    case 'C':
      if (locale !== 'en-US') throw new FunctionProblem('formatNumber() has the format C in en-US alone');
      return `${sign}$${grouped(size, digits, locale)}`;
    case 'N':
      return signed(sign, grouped(size, digits, locale));
    case 'F':
      return signed(sign, fixed(size, digits, locale));
    case 'P':
      return signed(sign, `${grouped(size * 100, digits, locale)}%`);
    case 'D':
      return sign + String(whole(size, letter)).padStart(digits, '0');
    case 'X': {
      const hex = (
        value < 0 ? BigInt.asUintN(64, BigInt(whole(value, letter))) : BigInt(whole(value, letter))
      ).toString(16);
      return (standard[1] === 'X' ? hex.toUpperCase() : hex).padStart(digits, '0');
    }
    case 'E':
      return exponential(value, digits, standard[1]).replace('.', separators(locale).decimal);
    case 'G':
    case 'R':
      return String(digits > 0 && letter === 'G' ? Number(value.toPrecision(digits)) : value).replace(
        '.',
        separators(locale).decimal,
      );
    default:
      throw new FunctionProblem(`formatNumber() has no format "${format}"`);
  }
}

/** .NET shows no minus before a number that is rounded to nothing. */
function signed(sign: string, digits: string): string {
  return /[1-9]/.test(digits) ? sign + digits : digits;
}

function whole(value: number, letter: string): number {
  if (Number.isSafeInteger(value)) return value;
  throw new FunctionProblem(`formatNumber() takes a whole number for the format ${letter}`);
}

function exponential(value: number, digits: number, letter: string): string {
  const [mantissa = '', exponent = ''] = value.toExponential(digits).split('e');
  return `${mantissa}${letter}${exponent.charAt(0)}${exponent.slice(1).padStart(3, '0')}`;
}

function fixed(size: number, digits: number, locale: string): string {
  return decimalText(size, digits).replace('.', separators(locale).decimal);
}

function grouped(size: number, digits: number, locale: string): string {
  const [integer = '', fraction] = decimalText(size, digits).split('.');
  const { group, decimal } = separators(locale);
  return inThousands(integer, group) + (fraction === undefined ? '' : decimal + fraction);
}

function inThousands(digits: string, group: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, group);
}

/** Never with an exponent. */
function decimalText(size: number, digits: number): string {
  if (size < 1e21) return size.toFixed(digits);
  return BigInt(size).toString() + (digits > 0 ? `.${'0'.repeat(digits)}` : '');
}

type Piece = { kind: 'digit'; shown: boolean } | { kind: 'point' } | { kind: 'literal'; text: string };

/** A custom pattern; its sections are for positive, negative and zero. */
function pattern(value: number, format: string, locale: string): string {
  const [positive = NOTHING, negative, zero] = sections(format);
  if (value === 0 && zero !== undefined) return applied(0, zero, locale);
  if (value < 0)
    return negative ? applied(-value, negative, locale) : signed('-', applied(-value, positive, locale));
  return applied(value, positive, locale);
}

interface Section {
  pieces: Piece[];
  grouping: boolean;
  percents: number;
}

const NOTHING: Section = { pieces: [], grouping: false, percents: 0 };

function applied(size: number, { pieces, grouping, percents }: Section, locale: string): string {
  const point = pieces.findIndex(({ kind }) => kind === 'point');
  const before = point < 0 ? pieces : pieces.slice(0, point);
  const behind = point < 0 ? [] : pieces.slice(point + 1);
  const places = digitsIn(behind).length;
  if (places > 100) throw new FunctionProblem('formatNumber() shows at most 100 digits behind the point');
  const { group, decimal } = separators(locale);
  const [integerText = '', fractionText = ''] = decimalText(size * 100 ** percents, places).split('.');
  return (
    integerPart(before, integerText === '0' ? '' : integerText, grouping ? group : '') +
    fractionPart(behind, fractionText, decimal)
  );
}

/** Fills from the right; what is left of the number goes before the leftmost digit. */
function integerPart(pieces: Piece[], digits: string, group: string): string {
  const slots = digitsIn(pieces);
  const firstZero = slots.findIndex(({ shown }) => shown);
  const least = firstZero < 0 ? 0 : slots.length - firstZero;
  const all = digits.padStart(least, '0');
  let out = '';
  let slot = 0;
  for (const piece of pieces) {
    if (piece.kind === 'literal') out += piece.text;
    else if (piece.kind === 'digit') {
      const from = slot === 0 ? 0 : all.length - slots.length + slot;
      const to = all.length - slots.length + slot + 1;
      for (let at = Math.max(from, 0); at < to; at++) {
        out += all[at];
        const left = all.length - at - 1;
        if (group && left > 0 && left % 3 === 0) out += group;
      }
      slot++;
    }
  }
  return out;
}

function fractionPart(pieces: Piece[], digits: string, decimal: string): string {
  const slots = digitsIn(pieces);
  const least = slots.findLastIndex(({ shown }) => shown) + 1;
  const shown = digits.replace(/0+$/, '').padEnd(least, '0');
  let out = shown === '' ? '' : decimal;
  let slot = 0;
  for (const piece of pieces) {
    if (piece.kind === 'literal') out += piece.text;
    else if (piece.kind === 'digit') out += shown[slot++] ?? '';
  }
  return out;
}

function digitsIn(pieces: Piece[]): { shown: boolean }[] {
  return pieces.filter((piece) => piece.kind === 'digit');
}

function sections(format: string): Section[] {
  const all: Section[] = [];
  let section: Section = { pieces: [], grouping: false, percents: 0 };
  const literal = (text: string): void => void section.pieces.push({ kind: 'literal', text });
  for (const [token] of format.matchAll(/\\[\s\S]|'[^']*'?|"[^"]*"?|[\s\S]/g)) {
    if (token === ';') {
      all.push(section);
      section = { pieces: [], grouping: false, percents: 0 };
    } else if (token === '0' || token === '#') section.pieces.push({ kind: 'digit', shown: token === '0' });
    else if (token === '.') {
      if (!section.pieces.some(({ kind }) => kind === 'point')) section.pieces.push({ kind: 'point' });
    } else if (token === ',') section.grouping = true;
    else if (token === '%') {
      section.percents++;
      literal('%');
    } else if (token.startsWith('\\')) literal(token.slice(1));
    else if (token.startsWith("'") || token.startsWith('"')) literal(token.slice(1).replace(/['"]$/, ''));
    else literal(token);
  }
  return [...all, section];
}
