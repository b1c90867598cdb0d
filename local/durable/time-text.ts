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

/** The text up to the second, of the second asked for last: events come in bursts. */
const last = { second: Number.NaN, text: '' };

function fractionCut(ms: number, ticks: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== last.second) {
    last.second = second;
    last.text = new Date(second * 1000).toISOString().slice(0, 19);
  }
  const fraction = (Math.floor(ms) - second * 1000) * 10_000 + ticks;
  if (fraction === 0) return last.text;
  return `${last.text}.${String(fraction).padStart(7, '0').replace(/0+$/, '')}`;
}
