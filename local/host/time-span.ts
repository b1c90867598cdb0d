const PATTERN = /^(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$/;

/**
 * Reads a .NET TimeSpan (`[d.]hh:mm[:ss[.fffffff]]`, or a number of days), as host.json and timer schedules write it.
 * @returns milliseconds, or undefined when the text is no TimeSpan.
 */
export function parseTimeSpan(text: string): number | undefined {
  if (/^-?\d+$/.test(text)) return Number(text) * 86_400_000;
  const match = PATTERN.exec(text.trim());
  if (!match) return undefined;
  const [, sign, days, hours, minutes, seconds, fraction] = match;
  const whole = ((Number(days ?? 0) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds ?? 0);
  const ms = whole * 1000 + Number(`0.${fraction ?? '0'}`) * 1000;
  return sign ? -ms : ms;
}

/** A length of time as callers write it: milliseconds, or units that add up. */
export type Duration =
  number | { days?: number; hours?: number; minutes?: number; seconds?: number; ms?: number };

/** @returns milliseconds */
export function durationMs(duration: Duration): number {
  if (typeof duration === 'number') return duration;
  const { days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0 } = duration;
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
}
