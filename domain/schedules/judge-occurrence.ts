import { isExcluded, nextOccurrences, type Schedule } from './occurrences';

export type SkipReason = 'disabled' | 'missed' | 'excluded' | 'overlap';

export type Verdict = { kind: 'start' } | { kind: 'wait' } | { kind: 'skip'; reason: SkipReason };

export interface Occurrence {
  schedule: Schedule;
  dueMs: number;
  nowMs: number;
  /** It came in time, and has waited since then for the run before (overlap: queue). */
  waiting: boolean;
  disabled: boolean;
  /** Whether the run before goes on; asked only where the overlap policy wants to know. */
  lastRunIsOpen: boolean;
  /** How many occurrences of this schedule wait already. */
  ahead: number;
  missedAfterMs: number;
}

/** More than this many occurrences do not wait for the run before; they are skipped. */
const MOST_WAITING = 100;

/** What becomes of an occurrence that is due (row A2). */
export function judgeOccurrence(occurrence: Occurrence): Verdict {
  const { schedule, dueMs, waiting, lastRunIsOpen, ahead } = occurrence;
  const { missed, overlap } = schedule.trigger;
  if (occurrence.disabled) return { kind: 'skip', reason: 'disabled' };
  if (!waiting && isMissed(occurrence) && missed === 'skip') return { kind: 'skip', reason: 'missed' };
  if (isExcluded(schedule, dueMs)) return { kind: 'skip', reason: 'excluded' };
  if (overlap === 'allow' || (!lastRunIsOpen && ahead === 0)) return { kind: 'start' };
  return overlap === 'queue' && ahead < MOST_WAITING ? { kind: 'wait' } : { kind: 'skip', reason: 'overlap' };
}

/** When the schedule is due after this occurrence; what was missed together with it counts as one with it. */
export function nextDue(occurrence: Occurrence): number | undefined {
  const { schedule, dueMs, nowMs, missedAfterMs } = occurrence;
  const afterMs = isMissed(occurrence) ? Math.max(dueMs, nowMs - missedAfterMs) : dueMs;
  return nextOccurrences(schedule, afterMs, 1)[0];
}

function isMissed({ dueMs, nowMs, missedAfterMs }: Occurrence): boolean {
  return nowMs - dueMs > missedAfterMs;
}
