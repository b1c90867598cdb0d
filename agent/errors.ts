import type { ErrorCode } from '../contracts/errors';
import { errorCatalogue } from '../contracts/errors';

/** Troubles of the agent itself; those of runs and requests are in the catalogue of contracts/. */
const localErrors = {
  NotRegistered: 'Register first: attendant-agent register --url <address> --token <token> --name <name>.',
  AlreadyRegistered: 'Give another --data folder, or --again to register this machine anew.',
  DataFolderInUse: 'Stop the other agent, or give this one a --data folder of its own.',
  DataFolderUnusable: 'Check the path, its owner and its permissions.',
  SessionKindNotPossible:
    'Run the agent as a service (attendant-agent install-service), or start it with --session own.',
  SettingInvalid: 'Mend the option, the environment or agent.env in the data folder.',
  ServiceNotChanged: 'Run it as root (Linux) or from an elevated prompt (Windows).',
  UpgradeRefused:
    'Give the attendant-agent.cjs of a newer package, and start the upgrade with the bundled agent.',
  UpgradeTimedOut: 'Try again later, or with a longer --wait. Nothing was changed.',
  UpgradeFailed: 'Look at the log of the agent; nothing was lost.',
  ConsoleNotFound: 'Start the agent: attendant-agent run. One with --no-console has no page.',
  HostUnreachable: 'Check the address, the network and that the control plane is running.',
  JournalLost:
    'Register this machine anew: attendant-agent register --again … Nobody can prove what its runs did; they are ended by the control plane.',
  JournalDamaged: 'Check the disk. The damaged file was kept; runs that were open are reported as failed.',
} as const;

export type LocalErrorCode = keyof typeof localErrors;

/** An error with a stable code and a way to mend it. */
export class AgentError extends Error {
  readonly remedy: string;

  constructor(
    readonly code: ErrorCode | LocalErrorCode,
    message: string,
    options: { remedy?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AgentError';
    this.remedy = options.remedy ?? remedyOf(code);
  }
}

function remedyOf(code: ErrorCode | LocalErrorCode): string {
  return code in localErrors ? localErrors[code as LocalErrorCode] : errorCatalogue[code as ErrorCode].remedy;
}

/** The useful text of anything thrown; `fetch` hides the reason in `cause`. Errors of other realms count as errors. */
export function messageOf(error: unknown): string {
  if (!isErrorLike(error)) return String(error);
  const cause = isErrorLike(error.cause) ? messageOf(error.cause) : '';
  const named = [error.code, error.name].find((name) => typeof name === 'string');
  const own = error.message || (named ?? 'unknown error');
  return cause && !own.includes(cause) ? `${own} (${cause})` : own;
}

/** True for an error of the file system or network with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return isErrorLike(error) && error.code === code;
}

/** True when something could not be written because there is no room for it. */
export function isDiskFull(error: unknown): boolean {
  return hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT');
}

function isErrorLike(
  error: unknown,
): error is { message: string; name?: unknown; code?: unknown; cause?: unknown } {
  return (
    typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
  );
}
