import type { Recurrence, RecurrenceTrigger } from '../../contracts/triggers';
import { instantOfText, nextOccurrences, parseCron } from './occurrences';
import { findZone } from './time-zone';

export interface RecurrenceProblem {
  /** Below the trigger, such as `recurrence.cron`. */
  path: string;
  message: string;
}

/** How many occurrences are looked at to find out how close they come to each other. */
const LOOKED_AT = 120;

/**
 * What is wrong with a recurrence that fits its schema: unknown zone, cron expression that cannot be read, fields that do not go
 * with the frequency, occurrences closer than `shortestMs`, or none at all.
 */
export function recurrenceProblems(
  trigger: RecurrenceTrigger,
  options: { shortestMs: number },
): RecurrenceProblem[] {
  const { recurrence } = trigger;
  const zone = findZone(recurrence.timeZone);
  const problems = [...fieldProblems(recurrence)];
  if (zone === undefined) {
    const message = 'is not a time zone such as Europe/Berlin or W. Europe Standard Time';
    return [...problems, { path: 'recurrence.timeZone', message }];
  }
  for (const name of ['startTime', 'endTime'] as const) {
    const text = recurrence[name];
    if (text !== undefined && Number.isNaN(instantOfText(zone, text)))
      problems.push({ path: `recurrence.${name}`, message: 'is no date of the calendar' });
  }
  if ('cron' in recurrence) problems.push(...cronProblems(recurrence.cron, zone));
  return problems.length > 0 ? problems : rhythmProblems(trigger, options.shortestMs);
}

function* fieldProblems(recurrence: Recurrence): Generator<RecurrenceProblem> {
  if ('cron' in recurrence || !recurrence.schedule) return;
  const { frequency, schedule } = recurrence;
  const goesWith = {
    hours: ['Day', 'Week', 'Month'],
    minutes: ['Day', 'Week', 'Month'],
    weekDays: ['Week'],
    monthDays: ['Month'],
  };
  for (const [name, frequencies] of Object.entries(goesWith)) {
    if (name in schedule && !frequencies.includes(frequency)) {
      const message = `goes with the frequency ${frequencies.join(', ')}, not with ${frequency}`;
      yield { path: `recurrence.schedule.${name}`, message };
    }
  }
}

function cronProblems(cron: string, zone: string): RecurrenceProblem[] {
  try {
    parseCron(cron, zone);
    return [];
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    return [{ path: 'recurrence.cron', message: `is no cron expression: ${said}` }];
  }
}

function rhythmProblems(trigger: RecurrenceTrigger, shortestMs: number): RecurrenceProblem[] {
  const { recurrence } = trigger;
  const path = 'cron' in recurrence ? 'recurrence.cron' : 'recurrence.interval';
  // Whether a schedule has ended is no fault of its rhythm.
  const { endTime: _, ...endless } = recurrence;
  const found = nextOccurrences({ trigger: { ...trigger, recurrence: endless }, sinceMs: 0 }, 0, LOOKED_AT);
  if (found.length === 0) return [{ path, message: 'never occurs' }];
  const closest = found
    .slice(1)
    .reduce((least, atMs, i) => Math.min(least, atMs - (found[i] ?? 0)), Infinity);
  if (closest >= shortestMs) return [];
  const message = `comes every ${closest / 1_000} s; the shortest interval here is ${shortestMs / 1_000} s (ATTENDANT_SHORTEST_RECURRENCE_MS)`;
  return [{ path, message }];
}
