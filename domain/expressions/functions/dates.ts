import {
  DAY,
  HOUR,
  MINUTE,
  plusMonths,
  plusMs,
  requireDate,
  SECOND,
  YEAR_ONE,
  type DateValue,
} from '../dates/date-value';
import { formatDate } from '../dates/format-date';
import { parseDate, parseDateExactly } from '../dates/parse-date';
import { fromUtc, toUtc, zoneNamed } from '../dates/zones';
import { FunctionProblem } from '../expression-error';
import { localeOf } from '../numbers/parse-number';
import type { ExpressionScope } from '../scope';
import { define, integer, optional, text } from './define';

const timestamp = text('timestamp');
const format = optional(text('format'));

const UNITS_MS: Readonly<Record<string, number>> = {
  second: SECOND,
  minute: MINUTE,
  hour: HOUR,
  day: DAY,
  week: 7 * DAY,
};

export const dates = [
  define({
    name: 'utcNow',
    group: 'Dates',
    says: 'The time at which the action starts, in UTC; the same again when the run is replayed.',
    parameters: [format],
    call: ([pattern], { scope }) => formatDate(now(scope), pattern),
  }),
  ...Object.entries({ addSeconds: SECOND, addMinutes: MINUTE, addHours: HOUR, addDays: DAY }).map(
    ([name, unit]) =>
      define({
        name,
        group: 'Dates',
        says: 'The timestamp so much later; earlier when negative.',
        parameters: [timestamp, integer(name.slice(3).toLowerCase()), format],
        call: ([given, count, pattern]) => formatDate(plusMs(parseDate(name, given), count * unit), pattern),
      }),
  ),
  define({
    name: 'addToTime',
    group: 'Dates',
    says: 'The timestamp so many units later: Second, Minute, Hour, Day, Week, Month, Year.',
    parameters: [timestamp, integer('interval'), text('unit'), format],
    call: ([given, interval, unit, pattern]) =>
      formatDate(plusUnits('addToTime', parseDate('addToTime', given), interval, unit), pattern),
  }),
  define({
    name: 'subtractFromTime',
    group: 'Dates',
    says: 'The timestamp so many units earlier.',
    parameters: [timestamp, integer('interval'), text('unit'), format],
    call: ([given, interval, unit, pattern]) =>
      formatDate(
        plusUnits('subtractFromTime', parseDate('subtractFromTime', given), -interval, unit),
        pattern,
      ),
  }),
  define({
    name: 'getFutureTime',
    group: 'Dates',
    says: 'Now, so many units later.',
    parameters: [integer('interval'), text('unit'), format],
    call: ([interval, unit, pattern], { scope }) =>
      formatDate(plusUnits('getFutureTime', now(scope), interval, unit), pattern),
  }),
  define({
    name: 'getPastTime',
    group: 'Dates',
    says: 'Now, so many units earlier.',
    parameters: [integer('interval'), text('unit'), format],
    call: ([interval, unit, pattern], { scope }) =>
      formatDate(plusUnits('getPastTime', now(scope), -interval, unit), pattern),
  }),
  define({
    name: 'formatDateTime',
    group: 'Dates',
    says: 'The timestamp in a .NET date format, with the names of a locale (default en-US).',
    parameters: [timestamp, format, optional(text('locale'))],
    call: ([given, pattern, locale]) =>
      formatDate(parseDate('formatDateTime', given), pattern, localeOf('formatDateTime', locale)),
  }),
  define({
    name: 'parseDateTime',
    group: 'Dates',
    says: 'The timestamp that a text shows, as a locale writes it or in a .NET date format.',
    parameters: [text('text'), optional(text('locale')), format],
    call: ([given, wanted, pattern]) => {
      const locale = localeOf('parseDateTime', wanted);
      return formatDate(
        pattern === undefined
          ? parseDate('parseDateTime', given, locale)
          : parseDateExactly('parseDateTime', given, pattern, locale),
      );
    },
  }),
  define({
    name: 'convertFromUtc',
    group: 'Dates',
    says: 'What a clock in a time zone (Windows or IANA name) shows at an instant.',
    parameters: [timestamp, text('zone'), format],
    call: ([given, zone, pattern]) =>
      formatDate(fromUtc(parseDate('convertFromUtc', given), zoneNamed(zone)), pattern),
  }),
  define({
    name: 'convertToUtc',
    group: 'Dates',
    says: 'The instant at which a clock in a time zone shows this.',
    parameters: [timestamp, text('zone'), format],
    call: ([given, zone, pattern]) =>
      formatDate(toUtc(parseDate('convertToUtc', given), zoneNamed(zone)), pattern),
  }),
  define({
    name: 'convertTimeZone',
    group: 'Dates',
    says: 'What a clock in the second zone shows when one in the first shows this.',
    parameters: [timestamp, text('from zone'), text('to zone'), format],
    call: ([given, from, to, pattern]) =>
      formatDate(
        fromUtc(toUtc(parseDate('convertTimeZone', given), zoneNamed(from)), zoneNamed(to)),
        pattern,
      ),
  }),
  define({
    name: 'dayOfMonth',
    group: 'Dates',
    says: 'The day of the month, from 1.',
    parameters: [timestamp],
    call: ([given]) => new Date(parseDate('dayOfMonth', given).ms).getUTCDate(),
  }),
  define({
    name: 'dayOfWeek',
    group: 'Dates',
    says: 'The day of the week: Sunday is 0.',
    parameters: [timestamp],
    call: ([given]) => new Date(parseDate('dayOfWeek', given).ms).getUTCDay(),
  }),
  define({
    name: 'dayOfYear',
    group: 'Dates',
    says: 'The day of the year, from 1.',
    parameters: [timestamp],
    call: ([given]) => {
      const { ms } = parseDate('dayOfYear', given);
      const first = new Date(ms);
      first.setUTCMonth(0, 1);
      return Math.round((startOf(ms, DAY) - startOf(first.getTime(), DAY)) / DAY) + 1;
    },
  }),
  define({
    name: 'startOfDay',
    group: 'Dates',
    says: 'The beginning of its day.',
    parameters: [timestamp, format],
    call: ([given, pattern]) => {
      const date = parseDate('startOfDay', given);
      return formatDate({ ...date, ms: startOf(date.ms, DAY), ticks: 0 }, pattern);
    },
  }),
  define({
    name: 'startOfHour',
    group: 'Dates',
    says: 'The beginning of its hour.',
    parameters: [timestamp, format],
    call: ([given, pattern]) => {
      const date = parseDate('startOfHour', given);
      return formatDate({ ...date, ms: startOf(date.ms, HOUR), ticks: 0 }, pattern);
    },
  }),
  define({
    name: 'startOfMonth',
    group: 'Dates',
    says: 'The beginning of its month.',
    parameters: [timestamp, format],
    call: ([given, pattern]) => {
      const date = parseDate('startOfMonth', given);
      const first = new Date(startOf(date.ms, DAY));
      first.setUTCDate(1);
      return formatDate({ ...date, ms: first.getTime(), ticks: 0 }, pattern);
    },
  }),
  define({
    name: 'ticks',
    group: 'Dates',
    says: 'Hundreds of nanoseconds since the year 1; exact for whole seconds.',
    parameters: [timestamp],
    call: ([given]) => {
      const { ms, ticks } = parseDate('ticks', given);
      return (ms + YEAR_ONE) * 10_000 + ticks;
    },
  }),
  define({
    name: 'dateDifference',
    group: 'Dates',
    says: 'The time from the first to the second: days.hours:minutes:seconds.',
    parameters: [text('start'), text('end')],
    call: ([start, end]) => timespan(parseDate('dateDifference', start), parseDate('dateDifference', end)),
  }),
];

function now({ now: ms }: ExpressionScope): DateValue {
  return requireDate({ ms: Math.floor(ms), ticks: 0, utc: true });
}

function plusUnits(name: string, date: DateValue, interval: number, unit: string): DateValue {
  const wanted = unit.toLowerCase();
  const ms = UNITS_MS[wanted];
  if (ms !== undefined) return plusMs(date, interval * ms);
  if (wanted === 'month') return plusMonths(date, interval);
  if (wanted === 'year') return plusMonths(date, interval * 12);
  throw new FunctionProblem(
    `${name}() has the units Second, Minute, Hour, Day, Week, Month and Year, not "${unit.slice(0, 50)}"`,
  );
}

function startOf(ms: number, unit: number): number {
  return Math.floor(ms / unit) * unit;
}

function timespan(start: DateValue, end: DateValue): string {
  let ms = end.ms - start.ms;
  let ticks = end.ticks - start.ticks;
  const negative = ms < 0 || (ms === 0 && ticks < 0);
  if (negative) [ms, ticks] = [-ms, -ticks];
  if (ticks < 0) [ms, ticks] = [ms - 1, ticks + 10_000];
  const two = (part: number): string => String(part).padStart(2, '0');
  const days = Math.floor(ms / DAY);
  const clock = [Math.floor(ms / HOUR) % 24, Math.floor(ms / MINUTE) % 60, Math.floor(ms / SECOND) % 60]
    .map(two)
    .join(':');
  const fraction = (ms % SECOND) * 10_000 + ticks;
  return `${negative ? '-' : ''}${days > 0 ? `${days}.` : ''}${clock}${fraction > 0 ? `.${String(fraction).padStart(7, '0')}` : ''}`;
}
