import { CliError, exitCodes } from './shell';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An instant from `2h` (ago) or from an ISO 8601 text. @throws CliError */
export function timeOf(text: string, nowMs: number): string {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  const ms = ago ? nowMs - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0) : Date.parse(text);
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new CliError(`"${text}" is neither a span such as 30m, 2h or 7d nor an instant.`, {
    exitCode: exitCodes.usage,
  });
}
