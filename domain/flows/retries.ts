import { errorCatalogue, type ErrorCode } from '../../contracts/errors';
import type { RetryPolicy } from '../../contracts/flow-definition/basics';
import { durationMs } from './duration';

const LONGEST_MS = 3_600_000;

/** What an HTTP action does without a policy of its own. */
export const HTTP_RETRIES: RetryPolicy = {
  type: 'exponential',
  count: 4,
  interval: 'PT7S',
  maximumInterval: 'PT45S',
};

/** Pauses between the tries, in ms; one less than there are tries. */
export function pausesOf(policy: RetryPolicy | undefined): number[] {
  if (!policy || policy.type === 'none') return [];
  const { count } = policy;
  const first = durationMs(policy.interval);
  if (policy.type === 'fixed') return Array.from({ length: count }, () => first);
  const least = policy.minimumInterval ? durationMs(policy.minimumInterval) : 0;
  const most = policy.maximumInterval ? durationMs(policy.maximumInterval) : LONGEST_MS;
  return Array.from({ length: count }, (_, index) => Math.min(most, Math.max(least, first * 2 ** index)));
}

/** Whether the same may succeed later: the catalogue says so. */
export function isTransientError(code: ErrorCode): boolean {
  return errorCatalogue[code].kind === 'transient';
}
