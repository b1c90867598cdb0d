import { Cron } from 'croner';
import type { ByCron, EveryInterval, Recurrence, RecurrenceTrigger } from '../../contracts/triggers';
import { dayOf, recurringDays, startOf, timeOfDay } from './wall-clock-days';
import { findZone, instantOf, wallAt, type WallMs } from './time-zone';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ELAPSED_MS = { Second: 1_000, Minute: MINUTE_MS, Hour: HOUR_MS };

export interface Schedule {
  trigger: RecurrenceTrigger;
  /** Since when the flow has this trigger (ms): what intervals count from when they have no start time. */
  sinceMs: number;
}

/**
 * When a schedule comes due after an instant, earliest first, without end unless it has one (row A2). Seconds, minutes and
 * hours are real time; days, weeks, months and cron go by the clocks of the zone: a time that comes twice counts the first time, a time
 * that clocks pass over is due when the gap ends. (A cron expression with a wildcard or step in its time runs through both.)
 * @throws RangeError for what `recurrenceProblems` names.
 */
export function* occurrences({ trigger, sinceMs }: Schedule, afterMs: number): Generator<number> {
  const { recurrence } = trigger;
  const zone = requireZone(recurrence.timeZone);
  const startMs = recurrence.startTime && instantOfText(zone, recurrence.startTime);
  const endMs = recurrence.endTime ? instantOfText(zone, recurrence.endTime) : Infinity;
  // A start time may be due itself; without one, nothing is due at the moment of saving.
  const earliest = typeof startMs === 'number' ? Math.max(afterMs, startMs - 1) : Math.max(afterMs, sinceMs);
  const anchorMs = typeof startMs === 'number' ? startMs : sinceMs;
  for (const atMs of endless(recurrence, { zone, anchorMs, earliest })) {
    if (atMs > endMs) return;
    yield atMs;
  }
}

/** The first `count` of `occurrences`. */
export function nextOccurrences(schedule: Schedule, afterMs: number, count: number): number[] {
  const found: number[] = [];
  for (const atMs of occurrences(schedule, afterMs)) {
    found.push(atMs);
    if (found.length === count) break;
  }
  return found;
}

/** Whether nothing is started then because the day is excluded. */
export function isExcluded({ trigger }: Schedule, atMs: number): boolean {
  const day = new Date(wallAt(requireZone(trigger.recurrence.timeZone), atMs)).toISOString().slice(0, 10);
  return trigger.exclude?.includes(day) ?? false;
}

interface From {
  zone: string;
  anchorMs: number;
  /** Occurrences are later than this (ms). */
  earliest: number;
}

function endless(recurrence: Recurrence, from: From): Generator<number> {
  if ('cron' in recurrence) return byCron(recurrence, from);
  const { frequency, interval } = recurrence;
  return frequency === 'Second' || frequency === 'Minute' || frequency === 'Hour'
    ? elapsed(ELAPSED_MS[frequency] * interval, from)
    : byDays(recurrence, from);
}

function* elapsed(stepMs: number, { anchorMs, earliest }: From): Generator<number> {
  const first = Math.max(0, Math.floor((earliest - anchorMs) / stepMs) + 1);
  for (let n = first; ; n++) yield anchorMs + n * stepMs;
}

function* byDays(every: EveryInterval, { zone, anchorMs, earliest }: From): Generator<number> {
  const anchor = wallAt(zone, anchorMs);
  const times = timesOfDay(every, anchor);
  let lastMs = earliest;
  // Clocks that were put forward may bring yesterday's last time into today.
  for (const day of recurringDays(every, dayOf(anchor), dayOf(wallAt(zone, earliest)) - 1)) {
    for (const time of times) {
      const atMs = instantOf(zone, startOf(day) + time);
      if (atMs <= lastMs) continue;
      lastMs = atMs;
      yield atMs;
    }
  }
}

/** ms after midnight, in order. */
function timesOfDay({ schedule }: EveryInterval, anchor: WallMs): number[] {
  const time = timeOfDay(anchor);
  if (!schedule?.hours && !schedule?.minutes) return [time];
  const seconds = time % MINUTE_MS;
  const hours = schedule.hours ?? [Math.floor(time / HOUR_MS)];
  const minutes = schedule.minutes ?? [0];
  const all = hours.flatMap((hour) => minutes.map((minute) => hour * HOUR_MS + minute * MINUTE_MS + seconds));
  return [...new Set(all)].sort((a, b) => a - b);
}

function* byCron(recurrence: ByCron, { zone, earliest }: From): Generator<number> {
  const cron = parseCron(recurrence.cron, zone);
  for (let next = cron.nextRun(new Date(earliest)); next; next = cron.nextRun(next)) yield next.getTime();
}

/** @throws TypeError with what is wrong. */
export function parseCron(expression: string, zone: string): Cron {
  return new Cron(expression, {
    timezone: zone,
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
    paused: true,
  });
}

/** A time of the zone's clocks, or an instant when it has an offset. */
export function instantOfText(zone: string, text: string): number {
  const hasOffset = /(Z|[+-]\d\d:\d\d)$/.test(text);
  return hasOffset ? Date.parse(text) : instantOf(zone, Date.parse(`${text}Z`));
}

function requireZone(name: string): string {
  const zone = findZone(name);
  if (zone === undefined) throw new RangeError(`${name} is not a time zone`);
  return zone;
}
