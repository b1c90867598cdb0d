import { IANAZone } from 'luxon';
import { findIana } from 'windows-iana';

/** Wall-clock times are numbers here: the ms since the epoch at which a clock in UTC would show the same. */
export type WallMs = number;

const MINUTE_MS = 60_000;

/** No zone is further than this from UTC, nor changes its offset by more (ms). */
const WIDEST_MS = 26 * 3_600_000;

/** The IANA name of a zone given by its IANA or Windows name, or undefined when there is none. */
export function findZone(name: string): string | undefined {
  if (IANAZone.isValidZone(name)) return name;
  return findIana(name)[0];
}

/** What clocks of the zone show at an instant. */
export function wallAt(zone: string, atMs: number): WallMs {
  return atMs + offsetAt(zone, atMs);
}

/**
 * The instant at which clocks of the zone show a time. Of a time that comes twice (clocks were put back), the first; for one
 * that is passed over (clocks were put forward), the first instant after the gap.
 */
export function instantOf(zone: string, wall: WallMs): number {
  const before = offsetAt(zone, wall - WIDEST_MS);
  const after = offsetAt(zone, wall + WIDEST_MS);
  const early = wall - Math.max(before, after);
  const late = wall - Math.min(before, after);
  if (wallAt(zone, early) === wall) return early;
  return wallAt(zone, late) === wall ? late : transitionBetween(zone, early, late);
}

/** The first instant that has the offset of `lateMs`; between the two the offset changes once. */
function transitionBetween(zone: string, earlyMs: number, lateMs: number): number {
  let [low, high] = [earlyMs, lateMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === offsetAt(zone, earlyMs)) low = middle;
    else high = middle;
  }
  return high;
}

function offsetAt(zone: string, atMs: number): number {
  return IANAZone.create(zone).offset(atMs) * MINUTE_MS;
}

/** What calendar and clock of the zone show, with the offset from UTC, such as `2026-03-29T09:00:00+02:00`. */
export function localText(zoneName: string, atMs: number): string {
  const zone = findZone(zoneName) ?? 'UTC';
  const text = new Date(wallAt(zone, atMs)).toISOString().slice(0, 19);
  return `${text}${IANAZone.create(zone).formatOffset(atMs, 'short')}`;
}
