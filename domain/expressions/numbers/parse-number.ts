import { FunctionProblem } from '../expression-error';

/** Default of every function that takes a locale. */
const DEFAULT_LOCALE = 'en-US';

/** The locale in its usual spelling. @throws FunctionProblem for one that does not exist. */
export function localeOf(name: string, locale: string | undefined): string {
  if (locale === undefined) return DEFAULT_LOCALE;
  try {
    const [known] = Intl.NumberFormat.supportedLocalesOf([locale]);
    if (known !== undefined) return known;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
  }
  throw new FunctionProblem(`${name}() knows no locale "${locale.slice(0, 50)}"`);
}

/** What stands between thousands and before the fraction in a locale. */
export function separators(locale: string): { group: string; decimal: string } {
  const parts = new Intl.NumberFormat(locale, { useGrouping: 'always' }).formatToParts(1_234_567.5);
  const of = (type: string): string | undefined => parts.find((part) => part.type === type)?.value;
  return { group: of('group') ?? ',', decimal: of('decimal') ?? '.' };
}

/**
 * The number that a text shows: group separators anywhere before the fraction, a sign before or behind it, an exponent.
 * @returns undefined when it shows none.
 */
export function parseFloatText(given: string, locale: string): number | undefined {
  if (given.length > 400) return undefined;
  const { group, decimal } = separators(locale);
  const [whole = '', ...fraction] = given.trim().split(decimal);
  if (fraction.length > 1) return undefined;
  const plain = [whole.replaceAll(group, ''), ...fraction].join('.');
  const match = /^([+-]?)(\d*)(\.\d*)?(e[+-]?\d+)?([+-]?)$/i.exec(plain);
  if (!match || !/\d/.test(plain) || (match[1] && match[5])) return undefined;
  const made = Number(`${match[2] || '0'}${match[3] === '.' ? '' : (match[3] ?? '')}${match[4] ?? ''}`);
  if (!Number.isFinite(made)) return undefined;
  return (match[1] || match[5]) === '-' ? -made : made;
}
