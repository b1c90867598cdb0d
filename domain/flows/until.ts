import { errorInfo, type ErrorInfo } from '../../contracts/errors';
import type { UntilAction } from '../../contracts/flow-definition/control-actions';
import type { Outcome } from './outcome';

/** When an `Until` begins no further round. */
export interface UntilRule {
  /** Evaluated after each round. */
  expression: unknown;
  /** Of the timeout; ms since the epoch. */
  untilMs: number;
}

/** How the rounds of an `Until` came to their end. */
export interface UntilEnd {
  /** How its last round ended. */
  last?: { round: number; status: Outcome['status']; error?: ErrorInfo | undefined } | undefined;
  /** Why no further round began; absent when their number was reached. */
  because?: 'true' | 'timeout' | 'mistake' | undefined;
  /** The expression could not be evaluated. */
  mistake?: ErrorInfo | undefined;
}

/** Whether the time of a loop is up; its first round always begins. */
export function isTimeUp({ untilMs }: UntilRule, round: number, nowMs: number): boolean {
  return round > 0 && nowMs >= untilMs;
}

/**
 * How an `Until` ends: as its last round did, whatever rounds before have done. At its limit too, unless `FailWhenLimitsReached` is asked for
 * ("Until loop considerations" of Logic Apps).
 */
export function judgeUntil(
  { limit, operationOptions }: Pick<UntilAction, 'limit' | 'operationOptions'>,
  { last, because, mistake }: UntilEnd,
): { status: Outcome['status']; error?: ErrorInfo } {
  if (mistake) return { status: 'Failed', error: mistake };
  if (last && last.status !== 'Succeeded') {
    const { round, status, error } = last;
    const details = `the last round [${round}]: ${error?.details ?? error?.message ?? status}`;
    return status === 'Cancelled'
      ? { status }
      : { status: 'Failed', error: errorInfo('ActionFailed', { details }) };
  }
  if (because === 'true' || !operationOptions) return { status: 'Succeeded' };
  const details = because === 'timeout' ? `timeout ${limit.timeout}` : `${limit.count} rounds`;
  return { status: 'Failed', error: errorInfo('LoopLimitReached', { details }) };
}
