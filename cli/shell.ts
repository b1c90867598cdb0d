/** What the commands see of the world: replaced in tests. */
export interface Shell {
  environment: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** The results go to a terminal that can be redrawn. */
  interactive?: boolean;
  /** Results. */
  out(text: string): void;
  /** Progress and errors. */
  err(text: string): void;
  fetch: typeof fetch;
  /** ms since the epoch. */
  now(): number;
  pause(ms: number): Promise<void>;
  /** Runs a program with this terminal. @returns its exit code. */
  run(script: string, args: string[]): Promise<number>;
}

/** Exit codes, as `attendant --help` lists them. */
export const exitCodes = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  cancelled: 3,
  timedOut: 4,
  unreachable: 5,
} as const;

/** Ends the command: the message goes to stderr. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    message: string,
    readonly more: { remedy?: string | undefined; exitCode?: number; problem?: unknown } = {},
  ) {
    super(message);
  }
}
