import type { Clock } from '../clock';

/** Gives every change its own instant (µs since the epoch), so that two changes never share an etag. */
export class ChangeTimes {
  private lastUs = 0;

  constructor(private readonly clock: Clock) {}

  /** @param previousUs the row's last change: the new one is later, whatever the clock says. */
  next(previousUs = 0): number {
    this.lastUs = Math.max(Math.floor(this.clock.now() * 1000), this.lastUs + 1, previousUs + 1);
    return this.lastUs;
  }
}

/** `Timestamp` as the service writes it: seven decimals, UTC. */
export function timestampOf(changedUs: number): string {
  const ms = Math.floor(changedUs / 1000);
  const micros = String(changedUs - ms * 1000).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, 23)}${micros}0Z`;
}

/** The etag that belongs to a `Timestamp`. */
export function etagOf(changedUs: number): string {
  return `W/"datetime'${timestampOf(changedUs).replaceAll(':', '%3A')}'"`;
}
