const PATTERN = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const UNITS_MS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1_000];

/**
 * Milliseconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds (the schema `duration` refuses others).
 * @throws RangeError for any other text.
 */
export function durationMs(text: string): number {
  const match = PATTERN.exec(text);
  if (!match) throw new RangeError(`"${text}" is not an ISO 8601 duration such as PT3H`);
  return UNITS_MS.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0);
}

/** The shortest ISO 8601 text of so many milliseconds, in days, hours, minutes and seconds: `PT3H`. */
export function durationText(ms: number): string {
  const part = (value: number, unit: string): string => (value > 0 ? `${value}${unit}` : '');
  const days = part(Math.floor(ms / 86_400_000), 'D');
  const time = [
    part(Math.floor(ms / 3_600_000) % 24, 'H'),
    part(Math.floor(ms / 60_000) % 60, 'M'),
    part((ms % 60_000) / 1_000, 'S'),
  ].join('');
  return `P${days}${time === '' && days !== '' ? '' : `T${time === '' ? '0S' : time}`}`;
}
