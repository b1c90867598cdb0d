/**
 * An instant as the extension writes it: ISO 8601, UTC, up to seven fraction digits with trailing zeros cut
 * ("2026-11-22T17:25:13.5Z").
 * @param ticks hundreds of nanoseconds after the millisecond.
 */
export function timeText(ms: number, ticks = 0): string {
  return `${fractionCut(ms, ticks)}Z`;
}

/** The same as an offset time ("…+00:00"), as `requestTime` of entity messages has it. */
export function offsetTimeText(ms: number): string {
  return `${fractionCut(ms, 0)}+00:00`;
}

/** The round-trip form with all seven fraction digits, which goes into deterministic ids. */
export function roundTripTimeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}0000Z`;
}

function fractionCut(ms: number, ticks: number): string {
  const iso = new Date(ms).toISOString();
  const digits = ticks === 0 ? iso.slice(20, 23) : iso.slice(20, 23) + String(ticks).padStart(4, '0');
  const fraction = digits.replace(/0+$/, '');
  return fraction === '' ? iso.slice(0, 19) : `${iso.slice(0, 19)}.${fraction}`;
}
