import { Cron } from 'croner';
import { HostError, messageOf } from './host-error';
import { parseTimeSpan } from './time-span';

export interface TimerSchedule {
  /** @returns the first occurrence after `afterMs` (ms since the epoch), or undefined when there is none any more. */
  next(afterMs: number): number | undefined;
}

/** The real host does not watch over schedules that fire more often than this. */
const SHORTEST_MONITORED_MS = 60_000;

/**
 * Reads a timer's schedule: NCRONTAB with six fields (seconds first) or five, or a TimeSpan. Day of month and day of week must
 * both match, as in NCRONTAB.
 * @param options.timeZone IANA name
 * @throws HostError `TriggerInvalid`
 */
export function parseSchedule(options: {
  expression: string;
  timeZone: string;
  where: string;
}): TimerSchedule {
  const { expression, timeZone, where } = options;
  const every = /^[\d.:]+$/.test(expression) ? parseTimeSpan(expression) : undefined;
  if (every !== undefined && every > 0) return { next: (afterMs) => afterMs + every };
  const fields = expression.trim().split(/\s+/).length;
  try {
    if (fields !== 5 && fields !== 6) throw new Error(`it has ${fields} fields`);
    const cron = new Cron(fields === 5 ? `0 ${expression.trim()}` : expression.trim(), {
      timezone: timeZone,
      domAndDow: true,
      mode: '6-part',
      paused: true,
    });
    return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
  } catch (cause) {
    throw new HostError(
      'TriggerInvalid',
      `${where} has the schedule '${expression}', which is neither an NCRONTAB expression ({second} {minute} {hour} {day} {month} {day-of-week}) nor a time span (hh:mm:ss): ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** Whether status is kept over restarts unless the trigger says otherwise. */
export function isMonitored(schedule: TimerSchedule, nowMs: number): boolean {
  const first = schedule.next(nowMs);
  const second = first === undefined ? undefined : schedule.next(first);
  return first === undefined || second === undefined || second - first >= SHORTEST_MONITORED_MS;
}
