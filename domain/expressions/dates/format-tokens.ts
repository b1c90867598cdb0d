import { FunctionProblem } from '../expression-error';

/** A piece of a .NET date pattern: letters that stand for a part of the date, or text. */
export type FormatToken = { kind: 'field'; field: string } | { kind: 'text'; text: string };

/** Standard formats as patterns of en-US; of them only those that are the same everywhere are had in other locales. */
const STANDARD: Readonly<Record<string, string>> = {
  d: 'M/d/yyyy',
  D: 'dddd, MMMM d, yyyy',
  f: 'dddd, MMMM d, yyyy h:mm tt',
  F: 'dddd, MMMM d, yyyy h:mm:ss tt',
  g: 'M/d/yyyy h:mm tt',
  G: 'M/d/yyyy h:mm:ss tt',
  m: 'MMMM d',
  M: 'MMMM d',
  o: "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
  O: "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
  r: "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
  R: "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
  s: "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
  t: 'h:mm tt',
  T: 'h:mm:ss tt',
  u: "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
  U: 'dddd, MMMM d, yyyy h:mm:ss tt',
  y: 'MMMM yyyy',
  Y: 'MMMM yyyy',
};
const EVERYWHERE = 'oOrRsu';

const TOKEN = /%?(d+|f+|F+|g+|h+|H+|K|m+|M+|s+|t+|y+|z+)|'([^']*)'|"([^"]*)"|\\([\s\S])|['"\\%]|([\s\S])/g;
const LONGEST = 500;

/**
 * A .NET date format, standard (one letter) or custom, in pieces.
 * @throws FunctionProblem for a format that is none.
 */
export function formatTokens(format: string, locale: string): FormatToken[] {
  if (format.length === 0 || format.length > LONGEST) {
    throw new FunctionProblem(`a date format has 1 to ${LONGEST} characters`);
  }
  if (format.length > 1) return tokensOf(format);
  const pattern = STANDARD[format];
  if (pattern === undefined) throw new FunctionProblem(`there is no date format "${format}"`);
  if (locale !== 'en-US' && !EVERYWHERE.includes(format)) {
    throw new FunctionProblem(
      `the date format "${format}" is there for en-US alone; write a pattern such as dd.MM.yyyy`,
    );
  }
  return tokensOf(pattern);
}

/** `r` stands for the English names whatever the locale. */
export function localeOfFormat(format: string, locale: string): string {
  return format === 'r' || format === 'R' ? 'en-US' : locale;
}

function tokensOf(pattern: string): FormatToken[] {
  return Array.from(
    pattern.matchAll(TOKEN),
    ([whole, field, single, double, escaped, other]): FormatToken => {
      if (field !== undefined) {
        if (/^[fF]{8}/.test(field))
          throw new FunctionProblem(`the date format has more than 7 times "${field.charAt(0)}"`);
        return { kind: 'field', field };
      }
      const text = single ?? double ?? escaped ?? other;
      if (text === undefined) throw new FunctionProblem(`the date format has a ${whole} without its end`);
      return { kind: 'text', text };
    },
  );
}
