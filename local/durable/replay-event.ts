import { EventType, type HistoryEvent } from './history';
import type { PollHint } from './replay-task';

/** What a replay needs of a history event. */
export interface ReplayEvent {
  type: number;
  eventId: number;
  /** TaskScheduledId or TimerId, -1 when it has none. */
  taskId: number;
  name: string;
  /** Target of what was sent or started. */
  instanceId: string;
  /** The instant, for OrchestratorStarted; else 0. */
  atMs: number;
  /** Position in the history, by which the full event can be found again. */
  index: number;
  poll: PollHint | undefined;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : -1);

export function replayEvent(event: HistoryEvent, index: number): ReplayEvent {
  return {
    type: event.EventType,
    eventId: event.EventId,
    taskId: number(event['TaskScheduledId'] ?? event['TimerId']),
    name: text(event['Name']),
    instanceId: text(event['InstanceId']),
    atMs: event.EventType === EventType.OrchestratorStarted ? Date.parse(event.Timestamp) : 0,
    index,
    poll: event.EventType === EventType.TaskCompleted ? pollHint(event['Result']) : undefined,
  };
}

function pollHint(result: unknown): PollHint | undefined {
  if (typeof result !== 'string' || !result.startsWith('{"statusCode":202')) return undefined;
  const response = JSON.parse(result) as { headers?: Record<string, string | string[]> };
  const header = (wanted: string): string | undefined => {
    const found = Object.entries(response.headers ?? {}).find(([name]) => name.toLowerCase() === wanted);
    return Array.isArray(found?.[1]) ? found[1][0] : found?.[1];
  };
  const retryAfter = Number.parseInt(header('retry-after') ?? '', 10);
  return {
    location: header('location'),
    retryAfterSeconds: Number.isNaN(retryAfter) ? undefined : retryAfter,
  };
}
