import { Info } from 'luxon';

/** Names of a locale's months and days. Both begin as the calendar does: January, Sunday. */
export interface DateNames {
  months: readonly string[];
  shortMonths: readonly string[];
  days: readonly string[];
  shortDays: readonly string[];
  halves: readonly [am: string, pm: string];
}

export function namesOf(locale: string): DateNames {
  const [am = 'AM', pm = 'PM'] = Info.meridiems({ locale });
  return {
    months: Info.months('long', { locale }),
    shortMonths: Info.months('short', { locale }),
    days: fromSunday(Info.weekdays('long', { locale })),
    shortDays: fromSunday(Info.weekdays('short', { locale })),
    halves: [am, pm],
  };
}

function fromSunday(fromMonday: string[]): string[] {
  return [...fromMonday.slice(-1), ...fromMonday.slice(0, -1)];
}
