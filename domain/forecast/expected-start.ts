import type { QueueSnapshot } from '../run-queue/snapshot';
import { isTimeable, playForward } from './play-forward';

/** Bots of the environment, and who else uses them (row H1). */
export interface SharedBots {
  /** Those that the given queues can have: not those lent to queues that are not given. */
  bots: number;
  /** Other queues that hold bots or want some. */
  others: readonly QueueSnapshot[];
}

/**
 * Why nobody can say when a run starts. obstacle: what is in its way goes by itself at no known time (machine away, session in the way …).
 * order: in strict order it stands behind such a run. bots: none is known to come free. duration: the work before it takes an unknown time.
 */
export type StartUnknown = 'obstacle' | 'order' | 'bots' | 'duration';

export type Expectation = { startMs: number } | { unknown: StartUnknown };

/**
 * When each waiting run is expected to start, or why that is unknown (rows F4, L2): the queue is played forward with the durations of past
 * runs, beside those queues with which it shares bots.
 */
export function expectedStarts(
  snapshot: QueueSnapshot,
  nowMs: number,
  shared?: SharedBots,
): Map<string, Expectation> {
  const limited = snapshot.settings.limitedBots;
  const bots = limited ? (shared?.bots ?? 0) : Infinity;
  const starts = playForward([snapshot, ...(shared?.others ?? [])], { bots, nowMs });
  let inTheWay = false;
  return new Map(
    snapshot.waiting.map((run): [string, Expectation] => {
      const startMs = starts.get(run.run);
      if (startMs !== undefined) return [run.run, { startMs }];
      if (!isTimeable(run)) {
        inTheWay = true;
        return [run.run, { unknown: 'obstacle' }];
      }
      if (inTheWay && snapshot.settings.strictOrder) return [run.run, { unknown: 'order' }];
      return [run.run, { unknown: run.reason.why === 'noBot' ? 'bots' : 'duration' }];
    }),
  );
}
