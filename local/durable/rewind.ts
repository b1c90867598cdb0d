import { EventType, genericEvent, OrchestrationStatus, type HistoryEvent } from './history';
import type { Hub } from './hub';
import type { InstanceRow } from './instances';
import { timeText } from './time-text';

/**
 * Rewinds a failed instance as the Azure Storage provider does: failed activities with their scheduling, failed
 * sub-orchestrations and the failed end become generic events that a replay passes over; failed children are rewound
 * too. The deepest failed instances are woken with a generic event that carries the reason.
 */
export function rewindInstance(hub: Hub, row: InstanceRow, reason: string | null): void {
  const children: string[] = [];
  const rows = hub.instances.history(row.seq).map(({ id, events }) => ({
    id,
    events: JSON.parse(events) as HistoryEvent[],
  }));
  const all = rows.flatMap(({ events }) => events);
  const failedTasks = new Set(
    all.filter((event) => event.EventType === EventType.TaskFailed).map((event) => event['TaskScheduledId']),
  );
  const failedChildren = new Set(
    all
      .filter((event) => event.EventType === EventType.SubOrchestrationInstanceFailed)
      .map((event) => event['TaskScheduledId']),
  );
  const isCleared = (event: HistoryEvent): boolean => {
    switch (event.EventType) {
      case EventType.TaskFailed:
      case EventType.SubOrchestrationInstanceFailed:
        return true;
      case EventType.TaskScheduled:
        return failedTasks.has(event.EventId);
      case EventType.ExecutionCompleted:
        return event['OrchestrationStatus'] === OrchestrationStatus.Failed;
      default:
        return false;
    }
  };
  for (const { id, events } of rows) {
    for (const event of events) {
      if (
        event.EventType === EventType.SubOrchestrationInstanceCreated &&
        failedChildren.has(event.EventId)
      ) {
        children.push(String(event['InstanceId']));
      }
    }
    if (!events.some(isCleared)) continue;
    const rewritten = events.map((event) =>
      isCleared(event)
        ? { ...genericEvent(null, event.EventId, event.Timestamp), IsPlayed: event.IsPlayed }
        : event,
    );
    hub.instances.rewriteHistoryRow(id, JSON.stringify(rewritten));
  }
  hub.instances.setStatus(row.seq, 'Pending', null);
  const failed = children
    .map((id) => hub.instances.find(id))
    .filter((child) => child !== undefined && child.status === 'Failed');
  for (const child of failed) if (child) rewindInstance(hub, child, reason);
  if (failed.length > 0) return;
  const wake = genericEvent(reason, -1, timeText(hub.clock.now()));
  hub.deliver(row.seq, { kind: 'event', event: wake });
}
