import type { EveryInterval, WeekDay } from '../../contracts/triggers';
import type { WallMs } from './time-zone';

const DAY_MS = 86_400_000;

const WEEK_DAYS: readonly WeekDay[] = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
];

/** How far the search for a day goes on (days): a 29th of February may be eight years away, times an interval. */
const FURTHEST_DAYS = 366 * 100;

/** Number of a calendar day: days since 1970-01-01. */
export type Day = number;

export function dayOf(wall: WallMs): Day {
  return Math.floor(wall / DAY_MS);
}

export function timeOfDay(wall: WallMs): number {
  return wall - dayOf(wall) * DAY_MS;
}

export function startOf(day: Day): WallMs {
  return day * DAY_MS;
}

/** The calendar days on which a recurrence by Day, Week or Month falls, from `from` on; intervals count from the day `anchor`. */
export function* recurringDays(every: EveryInterval, anchor: Day, from: Day): Generator<Day> {
  const falls = rule(every, anchor);
  for (let day = Math.max(anchor, from); day < from + FURTHEST_DAYS; day++) if (falls(day)) yield day;
}

function rule(every: EveryInterval, anchor: Day): (day: Day) => boolean {
  const { frequency, interval, schedule } = every;
  if (frequency === 'Week') {
    const wanted = new Set(schedule?.weekDays?.map((name) => WEEK_DAYS.indexOf(name)) ?? [weekDayOf(anchor)]);
    return (day) => (weekOf(day) - weekOf(anchor)) % interval === 0 && wanted.has(weekDayOf(day));
  }
  if (frequency === 'Month') {
    const first = monthOf(anchor);
    // Without days of its own, a schedule of the 31st falls on the last day of shorter months.
    const wanted = schedule?.monthDays;
    return (day) => {
      const { month, date, length } = monthOf(day);
      if ((month - first.month) % interval !== 0) return false;
      if (!wanted) return date === Math.min(first.date, length);
      return wanted.includes(date) || wanted.includes(date - length - 1);
    };
  }
  return (day) => (day - anchor) % interval === 0;
}

/** 0 is Monday. */
function weekDayOf(day: Day): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** Weeks begin on Monday. */
function weekOf(day: Day): number {
  return Math.floor((day + 3) / 7);
}

function monthOf(day: Day): { month: number; date: number; length: number } {
  const at = new Date(startOf(day));
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return { month: year * 12 + month, date: at.getUTCDate(), length };
}
