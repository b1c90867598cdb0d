import type { StoredFlow } from '../../adapters/flow-ports';
import type { Ports } from '../../adapters/ports';
import { nextOccurrences, type Schedule } from '../../domain/schedules/occurrences';
import { triggerOf } from '../flows/flow-input';
import { sha256Hex } from '../request-body';

/** The schedule of a flow that has one; `id` is another when the trigger is. */
export function scheduleOf(flow: StoredFlow): (Schedule & { id: string }) | undefined {
  const trigger = triggerOf(flow.definition);
  if (trigger.type !== 'Recurrence') return undefined;
  const sinceMs = flow.triggerSinceMs;
  return { trigger, sinceMs, id: sha256Hex(`${sinceMs} ${JSON.stringify(trigger)}`).slice(0, 16) };
}

/**
 * Puts the next occurrence of the flow's schedule into the index of due times. Harmless when it is there: an occurrence has one place in
 * the index however it came there.
 */
export async function planSchedule(ports: Pick<Ports, 'schedules' | 'now'>, flow: StoredFlow): Promise<void> {
  const schedule = scheduleOf(flow);
  const nowMs = ports.now();
  const dueMs = schedule && nextOccurrences(schedule, nowMs, 1)[0];
  if (dueMs === undefined) return;
  await ports.schedules.add({ flow: flow.name, schedule: schedule?.id ?? '', dueMs, writtenMs: nowMs });
}
