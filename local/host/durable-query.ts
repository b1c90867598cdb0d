import type { RuntimeStatus } from '../durable/engine-api';

const STATUSES: RuntimeStatus[] = [
  'Running',
  'Completed',
  'ContinuedAsNew',
  'Failed',
  'Canceled',
  'Terminated',
  'Pending',
  'Suspended',
];

/** Query parameters as the extension reads them: names ignore case, values that do not parse count as absent. */
export class QueryReader {
  constructor(private readonly query: URLSearchParams) {}

  text(name: string): string | undefined {
    return this.all(name)[0];
  }

  bool(name: string): boolean | undefined {
    const value = this.text(name)?.trim().toLowerCase();
    return value === 'true' ? true : value === 'false' ? false : undefined;
  }

  /** A whole number above 0. */
  count(name: string): number | undefined {
    const value = this.text(name)?.trim();
    return value !== undefined && /^\+?\d+$/.test(value) && Number(value) > 0 ? Number(value) : undefined;
  }

  /** @returns milliseconds since the epoch; a time without offset is UTC. */
  time(name: string): number | undefined {
    const value = this.text(name)?.trim();
    if (!value) return undefined;
    const hasOffset = /(z|[+-]\d\d:?\d\d)$/i.test(value);
    const ms = Date.parse(hasOffset || !value.includes(':') ? value : `${value}Z`);
    return Number.isNaN(ms) ? undefined : ms;
  }

  /** Comma-separated and repeated; unknown words are skipped; numbers are the enum's. */
  statuses(name: string): RuntimeStatus[] | undefined {
    const found = this.all(name)
      .flatMap((value) => value.split(','))
      .map((word) => STATUSES.find((status) => status === word.trim()) ?? STATUSES[Number(word)])
      .filter((status) => status !== undefined);
    return found.length > 0 ? found : undefined;
  }

  private all(name: string): string[] {
    const wanted = name.toLowerCase();
    return [...this.query].filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
  }
}
