import { EventType, OrchestrationStatus, type HistoryEvent } from './history';
import { textAsJson } from './json-text';

const TYPE_NAMES = new Map(Object.entries(EventType).map(([name, number]) => [number as number, name]));
const STATUS_NAMES = new Map(
  Object.entries(OrchestrationStatus).map(([name, number]) => [number as number, name]),
);

type ShownEvent = Record<string, unknown>;

/**
 * The history as the status query shows it: types by name, bookkeeping left out, what was scheduled merged into its
 * completion (with name and time), results only when asked for.
 */
export function shownHistory(events: readonly HistoryEvent[], withOutput: boolean): ShownEvent[] {
  const scheduled = new Map<number, HistoryEvent>();
  const merged = new Set<HistoryEvent>();
  for (const event of events) {
    if (event.EventType === EventType.TaskScheduled) scheduled.set(event.EventId, event);
    if (event.EventType === EventType.SubOrchestrationInstanceCreated) scheduled.set(event.EventId, event);
    const cause = isCompletion(event.EventType) ? scheduled.get(Number(event['TaskScheduledId'])) : undefined;
    if (cause) merged.add(cause);
  }
  return events
    .filter((event) => !isBookkeeping(event.EventType) && !merged.has(event))
    .map((event) => show(event, scheduled, withOutput));
}

const isBookkeeping = (type: number): boolean =>
  type === EventType.OrchestratorStarted || type === EventType.OrchestratorCompleted;

const COMPLETIONS: readonly number[] = [
  EventType.TaskCompleted,
  EventType.TaskFailed,
  EventType.SubOrchestrationInstanceCompleted,
  EventType.SubOrchestrationInstanceFailed,
];
const isCompletion = (type: number): boolean => COMPLETIONS.includes(type);

function show(
  event: HistoryEvent,
  scheduled: ReadonlyMap<number, HistoryEvent>,
  withOutput: boolean,
): ShownEvent {
  const { EventId: _id, IsPlayed: _played, ...rest } = event;
  const type = event.EventType;
  const fields: ShownEvent = { ...rest, EventType: TYPE_NAMES.get(type) ?? String(type) };
  const trailing: ShownEvent = {};
  if (isCompletion(type)) {
    const cause = scheduled.get(Number(fields['TaskScheduledId']));
    delete fields['TaskScheduledId'];
    if (cause) {
      trailing['ScheduledTime'] = cause.Timestamp.replace(/Z$/, '+00:00');
      trailing['FunctionName'] = cause['Name'];
      trailing['Input'] = cause['Input'];
    }
  } else if (type === EventType.ExecutionStarted) {
    trailing['FunctionName'] = fields['Name'];
    for (const hidden of ['OrchestrationInstance', 'ParentInstance', 'Name', 'Version', 'Tags']) {
      delete fields[hidden];
    }
  } else if (type === EventType.ExecutionCompleted) {
    fields['OrchestrationStatus'] = STATUS_NAMES.get(Number(fields['OrchestrationStatus'])) ?? 'Failed';
  } else if (type === EventType.TimerFired) {
    delete fields['TimerId'];
  } else if (type === EventType.TaskScheduled || type === EventType.SubOrchestrationInstanceCreated) {
    delete fields['Version'];
  }
  if ('Result' in fields) {
    if (withOutput) fields['Result'] = parsed(fields['Result']);
    else delete fields['Result'];
  }
  return { ...fields, ...trailing };
}

function parsed(result: unknown): unknown {
  const text = typeof result === 'string' ? textAsJson(result) : undefined;
  return text === undefined ? null : (JSON.parse(text) as unknown);
}
