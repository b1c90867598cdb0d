import type { DateValue } from './date-value';
import { formatTokens, localeOfFormat } from './format-tokens';
import { namesOf, type DateNames } from './names';

/** The format of every function that is given none: ISO 8601 to 100 ns. */
const DEFAULT_FORMAT = 'o';

/**
 * A date in a .NET format.
 * @throws FunctionProblem for a format that is none.
 */
export function formatDate(date: DateValue, format: string = DEFAULT_FORMAT, locale = 'en-US'): string {
  const names = namesOf(localeOfFormat(format, locale));
  return formatTokens(format, locale)
    .map((token) => (token.kind === 'text' ? token.text : field(token.field, date, names)))
    .join('');
}

function field(letters: string, value: DateValue, names: DateNames): string {
  const date = new Date(value.ms);
  const count = letters.length;
  const padded = (part: number): string => String(part).padStart(Math.min(count, 2), '0');
  switch (letters.charAt(0)) {
    case 'd':
      if (count <= 2) return padded(date.getUTCDate());
      return (count === 3 ? names.shortDays : names.days)[date.getUTCDay()] ?? '';
    case 'M':
      if (count <= 2) return padded(date.getUTCMonth() + 1);
      return (count === 3 ? names.shortMonths : names.months)[date.getUTCMonth()] ?? '';
    case 'y':
      if (count <= 2) return padded(date.getUTCFullYear() % 100);
      return String(date.getUTCFullYear()).padStart(count, '0');
    case 'h':
      return padded(date.getUTCHours() % 12 || 12);
    case 'H':
      return padded(date.getUTCHours());
    case 'm':
      return padded(date.getUTCMinutes());
    case 's':
      return padded(date.getUTCSeconds());
    case 'f':
      return fraction(value).slice(0, count);
    case 'F':
      return fraction(value).slice(0, count).replace(/0+$/, '');
    case 't': {
      const half = names.halves[date.getUTCHours() < 12 ? 0 : 1];
      return count === 1 ? half.slice(0, 1) : half;
    }
    case 'K':
      return value.utc ? 'Z' : '';
    case 'z':
      // Of no zone: as in the cloud, whose computers keep UTC.
      return count === 1 ? '+0' : count === 2 ? '+00' : '+00:00';
    default:
      return 'A.D.';
  }
}

/** Seven digits behind the second. */
function fraction({ ms, ticks }: DateValue): string {
  return `${String(((ms % 1_000) + 1_000) % 1_000).padStart(3, '0')}${String(ticks).padStart(4, '0')}`;
}
