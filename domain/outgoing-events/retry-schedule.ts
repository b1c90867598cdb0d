const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits after the first, second … failed attempt (ms): eleven attempts in about three days. docs/outgoing-events.md tells them. */
const WAITS = [
  10 * SECOND,
  MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
  24 * HOUR,
];

/**
 * How long to wait after the given number of failed attempts, up to a tenth longer so that many do not come back at once.
 * @param chance from 0 to 1
 * @returns undefined when that was the last attempt.
 */
export function waitAfter(attempts: number, chance: number): number | undefined {
  const wait = WAITS[attempts - 1];
  return wait === undefined ? undefined : Math.round(wait * (1 + chance / 10));
}
