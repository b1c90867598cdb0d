import { FunctionProblem } from '../expression-error';

/** A date and time as .NET has them: to 100 ns, in UTC or of no zone. */
export interface DateValue {
  /** What clock and calendar show, as ms since the epoch in UTC. */
  ms: number;
  /** Hundreds of nanoseconds beyond `ms`: 0 to 9,999. */
  ticks: number;
  /** False: of no zone. */
  utc: boolean;
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The first instant of year 1 and the last of year 9999. */
const FIRST = -62_135_596_800_000;
const LAST = 253_402_300_799_999;

/** ms from year 1 to the epoch. */
export const YEAR_ONE = -FIRST;

/** @throws FunctionProblem outside the years 1 to 9999. */
export function requireDate(date: DateValue): DateValue {
  if (date.ms >= FIRST && date.ms <= LAST) return date;
  throw new FunctionProblem('the date lies outside the years 1 to 9999');
}

/** Parts of a calendar: month 1 to 12. */
export interface DateParts {
  year: number;
  month: number;
  day: number;
  hour?: number;
  minute?: number;
  second?: number;
  /** Hundreds of nanoseconds within the second. */
  fraction?: number;
}

/** @returns undefined when there is no such day or time. */
export function dateFrom(parts: DateParts, utc: boolean): DateValue | undefined {
  const { year, month, day, hour = 0, minute = 0, second = 0, fraction = 0 } = parts;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (year < 1 || year > 9_999 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day)
    return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = date.getTime() + hour * HOUR + minute * MINUTE + second * SECOND + Math.floor(fraction / 10_000);
  return { ms, ticks: fraction % 10_000, utc };
}

/** The same day of another month; the last day of it where it is shorter. */
export function plusMonths(date: DateValue, months: number): DateValue {
  const day = new Date(date.ms);
  const wanted = day.getUTCDate();
  day.setUTCDate(1);
  day.setUTCMonth(day.getUTCMonth() + months);
  if (Number.isNaN(day.getTime())) return requireDate({ ...date, ms: Infinity });
  const last = new Date(day);
  last.setUTCMonth(last.getUTCMonth() + 1, 0);
  day.setUTCDate(Math.min(wanted, last.getUTCDate()));
  return requireDate({ ...date, ms: day.getTime() });
}

/** @throws FunctionProblem */
export function plusMs(date: DateValue, ms: number): DateValue {
  return requireDate({ ...date, ms: date.ms + ms });
}
