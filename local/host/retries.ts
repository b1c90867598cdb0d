import { messageOf } from './host-error';
import type { RetryContext, RetryOptions } from './rpc';

/** Delays between retries run on real time: they belong to the invocation, not to the schedule. */
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Runs `attempt` until it succeeds or the function's `retry` options are used up (-1 retries: for ever).
 * @throws what the last attempt threw
 */
export async function invokeWithRetries(
  options: RetryOptions | undefined,
  attempt: (context: RetryContext | undefined) => Promise<void>,
): Promise<void> {
  const max = options?.maxRetryCount ?? 0;
  let context: RetryContext | undefined;
  for (let count = 0; ; count++) {
    try {
      await attempt(context);
      return;
    } catch (error) {
      if (!options || (max >= 0 && count >= max)) throw error;
      context = {
        retryCount: count + 1,
        maxRetryCount: max,
        exception: { message: messageOf(error), source: '', stackTrace: '' },
      };
      await wait(delayMs(options, count));
    }
  }
}

function delayMs(options: RetryOptions, count: number): number {
  if (options.retryStrategy !== 'exponentialBackoff') return (options.delayInterval?.seconds ?? 0) * 1000;
  const min = (options.minimumInterval?.seconds ?? 0) * 1000;
  const max = (options.maximumInterval?.seconds ?? 0) * 1000;
  return Math.min(max, min + (2 ** count - 1) * 1000);
}
