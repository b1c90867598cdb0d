/** The part of a pino logger that the host uses. */
export interface HostLogger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
  isLevelEnabled?(level: string): boolean;
}

const ignore = (): void => {};

/** Says nothing: the default in tests. */
export const silentLogger: HostLogger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  isLevelEnabled: () => false,
};

const SEVERITY: Record<string, number> = {
  trace: 0,
  debug: 1,
  information: 2,
  warning: 3,
  error: 4,
  critical: 5,
  none: 6,
};

/**
 * The levels of host.json's `logging.logLevel`: a category's level is that of its longest listed prefix
 * (`Function.start.User` → `Function.start` → `Function` → `default`).
 */
export class LogLevels {
  private readonly cache = new Map<string, number>();

  constructor(private readonly levels: Record<string, string>) {}

  enabled(category: string, level: string): boolean {
    return (SEVERITY[level.toLowerCase()] ?? 2) >= this.threshold(category);
  }

  private threshold(category: string): number {
    let known = this.cache.get(category);
    if (known === undefined) {
      const name = Object.keys(this.levels)
        .filter((key) => key !== 'default' && (category === key || category.startsWith(`${key}.`)))
        .sort((a, b) => b.length - a.length)[0];
      const level = this.levels[name ?? 'default'] ?? 'Information';
      known = SEVERITY[level.toLowerCase()] ?? 2;
      this.cache.set(category, known);
    }
    return known;
  }
}
