import type { AgentEventBody, StopMode } from '../../contracts/agent-protocol';
import { errorCatalogue, errorInfo } from '../../contracts/errors';
import type { ErrorInfo } from '../../contracts/errors';
import type { DesktopRunResult } from '../../contracts/runs';
import type { WaitReason } from '../run-queue/messages';

/** Row F7: the exact message, with the reason why the run had waited as sub-code. */
export function noCandidateMachine(reason: WaitReason | NotAccepted | undefined): DesktopRunResult {
  const subCode = subCodeOf(reason);
  const error = errorInfo('NoCandidateMachine', {
    ...(subCode ? { subCode } : {}),
    ...(reason ? { details: JSON.stringify(reason) } : {}),
  });
  return { state: 'TimedOut', error };
}

/** The deadline passed while a machine was being asked. */
export interface NotAccepted {
  why: 'notAccepted';
  machine: string;
}

function subCodeOf(reason: WaitReason | NotAccepted | undefined): string | undefined {
  if (reason?.why === 'sessionBlocked') return reason.code;
  return reason?.why === 'refused' ? reason.reason : reason?.why;
}

export function cancelled(by: string | undefined): DesktopRunResult {
  return { state: 'Cancelled', error: errorInfo('Cancelled', by ? { details: `by ${by}` } : {}) };
}

export function failed(error: ErrorInfo): DesktopRunResult {
  return { state: 'Failed', error };
}

/** Why a run that was told to go is asked to stop; it decides what the run ends as. */
export type StopReason =
  | { kind: 'cancelled'; by: string | undefined }
  | { kind: 'timedOut' }
  /** `go` could not be made, for a reason that only a person can mend. */
  | { kind: 'notSent'; error: ErrorInfo };

const modes: readonly StopMode[] = ['checkpoint', 'ask', 'kill'];

/** Whether asking in this mode adds anything to what was asked before. */
export function isStronger(mode: StopMode, before: StopMode | undefined): boolean {
  return before === undefined || modes.indexOf(mode) > modes.indexOf(before);
}

export function stoppedResult(reason: StopReason): DesktopRunResult {
  if (reason.kind === 'cancelled') return cancelled(reason.by);
  if (reason.kind === 'notSent') return failed(reason.error);
  return { state: 'TimedOut', error: errorInfo('DesktopFlowsActionTimeout') };
}

/**
 * What a refusal means: `fail` for what only a person can mend (rows C3, C4, C5, E1 …), `return` for what may pass by itself.
 * Row C8: with `whenSessionBlocked: wait` a blocked session is waited out.
 */
export function judgeRefusal(
  error: ErrorInfo,
  whenSessionBlocked: 'fail' | 'wait' | undefined,
): 'fail' | 'return' {
  if (sessionBlocked.has(error.code) && whenSessionBlocked === 'wait') return 'return';
  return errorCatalogue[error.code].kind === 'user' ? 'fail' : 'return';
}

const sessionBlocked: ReadonlySet<string> = new Set([
  'Win10AlreadyHasActiveSession',
  'SessionExistsForTheUserWhenUnattended',
  'UnattendedUserSessionLocked',
  'UnattendedUserSessionDisconnected',
  'AttendedUserSessionNotActive',
  'AttendedUserNotLoggedIn',
]);

/** The run's result from the agent's terminal report; a run that finished before it could be stopped did succeed. */
export function judgeDone(body: AgentEventBody<'done'>, stopping: StopReason | undefined): DesktopRunResult {
  const outputs = body.outputs ? { outputs: body.outputs } : {};
  if (body.outcome === 'Succeeded') return { state: 'Succeeded', ...outputs };
  if (stopping) return { ...stoppedResult(stopping), ...outputs };
  // Somebody at the machine stopped it.
  if (body.error?.code === 'Cancelled') return { state: 'Cancelled', error: body.error, ...outputs };
  if (body.outcome === 'Stopped') return failed(body.error ?? takenAway());
  return failed(body.error ?? errorInfo('DesktopFlowFailed'));
}

/** The outcome under a grant that the run does not know: told by the machine, whose journal does (docs/adr/0010-the-word-about-a-grant.md). */
export function executedBefore({
  machine,
  body,
}: {
  machine: string;
  body: AgentEventBody<'done'>;
}): DesktopRunResult {
  return { ...judgeDone(body, undefined), machine };
}

/** A person freed the machine while the run executed. */
export function takenAway(): ErrorInfo {
  return errorInfo('SessionNotFound', { subCode: 'ReleasedByHand' });
}

/** The agent proved that the run never started although it was told to go: it never goes back to the queue (row H2). */
export function judgeNever(reason: string, stopping: StopReason | undefined): DesktopRunResult {
  if (stopping) return stoppedResult(stopping);
  return failed(errorInfo('UIFlowAgentNotAvailable', { subCode: 'NeverStarted', details: reason }));
}

/** Row H3: not heard of for three hours. */
export function judgeSilence(sinceMs: number, stopping: StopReason | undefined): DesktopRunResult {
  if (stopping) return stoppedResult(stopping);
  return failed(
    errorInfo('ConnectionTimeout', {
      subCode: 'Silent',
      details: `last heard of at ${new Date(sinceMs).toISOString()}`,
    }),
  );
}

/** Errors as they fit into a custom status (16 KiB in all). */
export function shortError(error: ErrorInfo): ErrorInfo {
  const cut = (text: string): string => (text.length > 600 ? `${text.slice(0, 600)}…` : text);
  return {
    ...error,
    message: cut(error.message),
    ...(error.details === undefined ? {} : { details: cut(error.details) }),
  };
}
