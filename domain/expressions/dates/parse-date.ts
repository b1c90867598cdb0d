import { FunctionProblem } from '../expression-error';
import { dateFrom, MINUTE, plusMs, type DateParts, type DateValue } from './date-value';
import { formatTokens } from './format-tokens';
import { namesOf, type DateNames } from './names';

const LONGEST = 100;
const ZONE = String.raw`\s*(?<zone>z|gmt|utc|[+-]\d{1,2}(?::?\d{2})?)?`;
const TIME = String.raw`(?:[T\s,]+(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?(?:\s*(?<half>[ap]m?))?${ZONE})?`;
const ISO = new RegExp(
  String.raw`^(?<year>\d{4})[-/.](?<month>\d{1,2})(?:[-/.](?<day>\d{1,2}))?${TIME}$`,
  'i',
);
const NUMERIC = new RegExp(String.raw`^(?<a>\d{1,2})[-/. ](?<b>\d{1,2})[-/. ](?<year>\d{4})${TIME}$`, 'i');
const DAY_FIRST = new RegExp(
  String.raw`^(?<day>\d{1,2})\.?[\s-]+(?<name>\p{L}[\p{L}.]*)[\s,-]+(?<year>\d{4})${TIME}$`,
  'iu',
);
const MONTH_FIRST = new RegExp(
  String.raw`^(?<name>\p{L}[\p{L}.]*)\s+(?<day>\d{1,2})(?:\s*,\s*|\s+)(?<year>\d{4})${TIME}$`,
  'iu',
);

type Groups = Readonly<Record<string, string | undefined>>;

/**
 * The date that a text shows: ISO 8601, digits in the order of the locale, or with the month's name. A text with an offset becomes UTC;
 * one without is of no zone.
 * @throws FunctionProblem
 */
export function parseDate(name: string, text: string, locale = 'en-US'): DateValue {
  const found = text.length <= LONGEST ? read(text.trim(), locale) : undefined;
  if (found) return found;
  throw new FunctionProblem(`${name}() cannot read "${text.slice(0, LONGEST)}" as a date`);
}

/**
 * The date that a text shows in a .NET format.
 * @throws FunctionProblem
 */
export function parseDateExactly(name: string, text: string, format: string, locale: string): DateValue {
  const found = text.length <= LONGEST ? readExactly(text, format, locale) : undefined;
  if (found) return found;
  throw new FunctionProblem(
    `${name}() cannot read "${text.slice(0, LONGEST)}" as a date in the format "${format}"`,
  );
}

function read(text: string, locale: string): DateValue | undefined {
  const iso = ISO.exec(text)?.groups;
  if (iso) return fromGroups(iso, { month: Number(iso['month']), day: Number(iso['day'] ?? 1) });
  const numeric = NUMERIC.exec(text)?.groups;
  if (numeric) {
    const [a, b] = [Number(numeric['a']), Number(numeric['b'])];
    return fromGroups(numeric, dayComesFirst(locale) ? { day: a, month: b } : { month: a, day: b });
  }
  const names = namesOf(locale);
  const named = withoutWeekday(text, names);
  const groups = DAY_FIRST.exec(named)?.groups ?? MONTH_FIRST.exec(named)?.groups;
  const month = groups && monthOf(groups['name'] ?? '', names);
  return month ? fromGroups(groups, { month, day: Number(groups['day']) }) : undefined;
}

function fromGroups(groups: Groups, { month, day }: { month: number; day: number }): DateValue | undefined {
  const half = groups['half']?.charAt(0).toLowerCase();
  const hour = Number(groups['hour'] ?? 0);
  if (half !== undefined && (hour < 1 || hour > 12)) return undefined;
  return dated(
    {
      year: Number(groups['year']),
      month,
      day,
      hour: half === undefined ? hour : (hour % 12) + (half === 'p' ? 12 : 0),
      minute: Number(groups['minute'] ?? 0),
      second: Number(groups['second'] ?? 0),
      fraction: Number((groups['fraction'] ?? '').slice(0, 7).padEnd(7, '0')),
    },
    groups['zone'],
  );
}

/** @param zone `Z` or an offset; absent: of no zone. */
function dated(parts: DateParts, zone: string | undefined): DateValue | undefined {
  const date = dateFrom(parts, zone !== undefined);
  if (!date || zone === undefined || !/^[+-]/.test(zone)) return date;
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone) ?? [];
  const offset = Number(hours) * 60 + Number(minutes);
  if (offset > 14 * 60 || Number(minutes) > 59) return undefined;
  return plusMs(date, (sign === '+' ? -offset : offset) * MINUTE);
}

/** From how the locale itself writes a date. */
function dayComesFirst(locale: string): boolean {
  const parts = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeZone: 'UTC' }).formatToParts(0);
  const at = (type: string): number => parts.findIndex((part) => part.type === type);
  return at('day') < at('month');
}

function withoutWeekday(text: string, { days, shortDays }: DateNames): string {
  const lower = text.toLowerCase();
  const day = [...days, ...shortDays].find((one) => lower.startsWith(one.toLowerCase()));
  return day === undefined ? text : text.slice(day.length).replace(/^[.,\s]+/, '');
}

function monthOf(name: string, { months, shortMonths }: DateNames): number | undefined {
  const wanted = name.toLowerCase().replace(/\.$/, '');
  const at = (names: readonly string[]): number =>
    names.findIndex((one) => one.toLowerCase().replace(/\.$/, '') === wanted);
  const index = at(months) >= 0 ? at(months) : at(shortMonths);
  return index < 0 ? undefined : index + 1;
}

function readExactly(text: string, format: string, locale: string): DateValue | undefined {
  const names = namesOf(locale);
  const parts: DateParts = { year: 1, month: 1, day: 1 };
  let rest = text;
  let zone: string | undefined;
  let afternoon: boolean | undefined;
  const take = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(rest)?.[0];
    if (found !== undefined) rest = rest.slice(found.length);
    return found;
  };
  const oneOf = (all: readonly string[]): number => {
    const index = all.findIndex((one) => one !== '' && rest.toLowerCase().startsWith(one.toLowerCase()));
    rest = rest.slice(all[index]?.length ?? 0);
    return index;
  };
  for (const token of formatTokens(format, locale)) {
    if (token.kind === 'text') {
      if (!rest.startsWith(token.text)) return undefined;
      rest = rest.slice(token.text.length);
      continue;
    }
    const letters = token.field;
    const letter = letters.charAt(0);
    const digits = (): number => Number(take(letters.length === 1 ? /^\d{1,2}/ : /^\d{2}/) ?? NaN);
    if (letter === 'y') parts.year = letters.length <= 2 ? 2_000 + digits() : Number(take(/^\d{4}/) ?? NaN);
    else if (letter === 'M')
      parts.month =
        letters.length <= 2 ? digits() : oneOf(letters.length === 3 ? names.shortMonths : names.months) + 1;
    else if (letter === 'd' && letters.length <= 2) parts.day = digits();
    else if (letter === 'd' && oneOf(letters.length === 3 ? names.shortDays : names.days) < 0)
      return undefined;
    else if (letter === 'H' || letter === 'h') parts.hour = digits();
    else if (letter === 'm') parts.minute = digits();
    else if (letter === 's') parts.second = digits();
    else if (letter === 'f')
      parts.fraction = Number((take(new RegExp(`^\\d{${letters.length}}`)) ?? 'none').padEnd(7, '0'));
    else if (letter === 'F')
      parts.fraction = Number((take(new RegExp(`^\\d{0,${letters.length}}`)) ?? '').padEnd(7, '0'));
    else if (letter === 't') {
      const half = take(/^[ap]m?/i);
      if (half === undefined) return undefined;
      afternoon = half.toLowerCase().startsWith('p');
    } else if (letter === 'K' || letter === 'z') zone = take(/^(?:z|[+-]\d{1,2}(?::?\d{2})?)/i);
  }
  if (rest !== '' || Object.values(parts).some(Number.isNaN)) return undefined;
  if (afternoon !== undefined) parts.hour = ((parts.hour ?? 12) % 12) + (afternoon ? 12 : 0);
  return dated(parts, zone);
}
