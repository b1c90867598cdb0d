import { DateTime, IANAZone } from 'luxon';
import type { EveryInterval } from '../../../contracts/triggers';

/** Every change of clocks since 1975 or so was at a multiple of this. */
const STEP_MS = 15 * 60_000;

const SIX_HOURS_MS = 6 * 3_600_000;

/**
 * What a recurrence by days means, found by looking at the clock on the wall every quarter of an hour: it is due when the clock shows one of
 * its times for the first time, or jumps over one. Minutes must be multiples of 15, seconds 0.
 */
export function naiveOccurrences(
  every: EveryInterval,
  options: { zone: string; fromMs: number; untilMs: number },
): number[] {
  const { zone, fromMs, untilMs } = options;
  const wallAt = clockOf(zone);
  const anchor = DateTime.fromISO(every.startTime ?? '', { zone });
  const hours = every.schedule?.hours ?? [anchor.hour];
  const minutes = every.schedule?.minutes ?? (every.schedule?.hours ? [0] : [anchor.minute]);
  const times = new Set(hours.flatMap((hour) => minutes.map((minute) => (hour * 60 + minute) * 60_000)));
  const isDue = (wall: number): boolean =>
    times.has(wall % 86_400_000) && fallsOn(every, anchor, DateTime.fromMillis(wall, { zone: 'utc' }));
  const found: number[] = [];
  const begin = Math.floor(fromMs / STEP_MS) * STEP_MS - 86_400_000;
  // What the clock shows counts when it is later than all it has shown before.
  let shown = wallAt(begin);
  for (let ms = begin + STEP_MS; ms <= untilMs; ms += STEP_MS) {
    let due = false;
    for (; shown < wallAt(ms); shown += STEP_MS) due ||= isDue(shown + STEP_MS);
    if (due && ms > fromMs && ms >= anchor.toMillis()) found.push(ms);
  }
  return found;
}

/** What the clock shows; asked of the zone at every step only in those six hours in which it is put forward or back. */
function clockOf(zone: string): (ms: number) => number {
  const clock = IANAZone.create(zone);
  const edges = new Map<number, number>();
  const offsetAtEdge = (edge: number): number => {
    const known = edges.get(edge) ?? clock.offset(edge * SIX_HOURS_MS);
    edges.set(edge, known);
    return known;
  };
  return (ms) => {
    const edge = Math.floor(ms / SIX_HOURS_MS);
    const offset = offsetAtEdge(edge);
    return ms + (offset === offsetAtEdge(edge + 1) ? offset : clock.offset(ms)) * 60_000;
  };
}

function fallsOn(every: EveryInterval, anchor: DateTime, wall: DateTime): boolean {
  const { frequency, interval, schedule } = every;
  const day = wall.startOf('day');
  const first = anchor.setZone('utc', { keepLocalTime: true }).startOf('day');
  if (frequency === 'Day') return day.diff(first, 'days').days % interval === 0;
  if (frequency === 'Week') {
    const weeks = day.startOf('week').diff(first.startOf('week'), 'weeks').weeks;
    const names: string[] = schedule?.weekDays ?? [first.setLocale('en').weekdayLong ?? ''];
    return weeks % interval === 0 && names.includes(day.setLocale('en').weekdayLong ?? '');
  }
  const months = day.startOf('month').diff(first.startOf('month'), 'months').months;
  const length = day.daysInMonth ?? 0;
  const dates = schedule?.monthDays?.map((date) => (date < 0 ? length + date + 1 : date)) ?? [
    Math.min(first.day, length),
  ];
  return months % interval === 0 && dates.includes(day.day);
}
