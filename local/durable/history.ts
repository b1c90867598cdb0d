import { timeText } from './time-text';

/** DurableTask.Core's event types, by the number that the payload carries. */
export const EventType = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventSent: 14,
  EventRaised: 15,
  GenericEvent: 17,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
} as const;

/** One event of an execution's history. Keys stand in the order in which the extension serialises them. */
export interface HistoryEvent {
  [key: string]: unknown;
  EventType: number;
  /** The id of what the orchestrator scheduled, -1 for what came from outside. */
  EventId: number;
  /** Whether the event had been played when the episode that received it ended. */
  IsPlayed: boolean;
  Timestamp: string;
}

/** Who started a sub-orchestration. */
export interface ParentInstance {
  Name: string;
  OrchestrationInstance: { InstanceId: string; ExecutionId: string };
  TaskScheduleId: number;
  Version: string | null;
}

function event(type: number, fields: Record<string, unknown>, eventId: number, atMs: number): HistoryEvent {
  return { EventType: type, ...fields, EventId: eventId, IsPlayed: false, Timestamp: timeText(atMs) };
}

/** What an orchestration starts from. `generation` is 0 when a client started it, null otherwise. */
export interface Start {
  instanceId: string;
  executionId: string;
  name: string;
  version: string | null;
  input: string | null;
  parent: ParentInstance | null;
  generation: 0 | null;
}

export function executionStarted(start: Start, atMs: number): HistoryEvent {
  return {
    OrchestrationInstance: { InstanceId: start.instanceId, ExecutionId: start.executionId },
    EventType: EventType.ExecutionStarted,
    ParentInstance: start.parent,
    Name: start.name,
    Version: start.version,
    Input: start.input,
    Tags: null,
    Correlation: null,
    ParentTraceContext: null,
    ScheduledStartTime: null,
    Generation: start.generation,
    GenerateNewTrace: false,
    EventId: -1,
    IsPlayed: false,
    Timestamp: timeText(atMs),
  };
}

export const orchestratorStarted = (atMs: number): HistoryEvent =>
  event(EventType.OrchestratorStarted, {}, -1, atMs);

export const orchestratorCompleted = (atMs: number): HistoryEvent =>
  event(EventType.OrchestratorCompleted, {}, -1, atMs);

export const taskScheduled = (id: number, name: string, atMs: number): HistoryEvent =>
  event(
    EventType.TaskScheduled,
    { Name: name, Version: '', Input: null, ParentTraceContext: null, Tags: null },
    id,
    atMs,
  );

export const taskCompleted = (taskId: number, result: string | null, atMs: number): HistoryEvent =>
  event(EventType.TaskCompleted, { TaskScheduledId: taskId, Result: result }, -1, atMs);

export interface Failure {
  reason: string;
  details: string | null;
  failureDetails?: Record<string, unknown> | null;
}

export const taskFailed = (taskId: number, failure: Failure, atMs: number): HistoryEvent =>
  event(EventType.TaskFailed, failed(taskId, failure), -1, atMs);

export const subOrchestrationCreated = (
  id: number,
  name: string,
  version: string | null,
  instanceId: string,
  atMs: number,
): HistoryEvent =>
  event(
    EventType.SubOrchestrationInstanceCreated,
    { Name: name, Version: version, InstanceId: instanceId, Input: null, ClientSpanId: null, Tags: null },
    id,
    atMs,
  );

export const subOrchestrationCompleted = (
  taskId: number,
  result: string | null,
  atMs: number,
): HistoryEvent =>
  event(EventType.SubOrchestrationInstanceCompleted, { TaskScheduledId: taskId, Result: result }, -1, atMs);

export const subOrchestrationFailed = (taskId: number, failure: Failure, atMs: number): HistoryEvent =>
  event(EventType.SubOrchestrationInstanceFailed, failed(taskId, failure), -1, atMs);

function failed(taskId: number, failure: Failure): Record<string, unknown> {
  return {
    TaskScheduledId: taskId,
    Reason: failure.reason,
    Details: failure.details,
    FailureDetails: failure.failureDetails ?? null,
  };
}

export const timerCreated = (id: number, fireAtMs: number, atMs: number): HistoryEvent =>
  event(EventType.TimerCreated, { FireAt: timeText(fireAtMs) }, id, atMs);

export const timerFired = (timerId: number, fireAtMs: number, atMs: number): HistoryEvent =>
  event(EventType.TimerFired, { TimerId: timerId, FireAt: timeText(fireAtMs) }, -1, atMs);

export const eventSent = (
  id: number,
  instanceId: string,
  name: string,
  input: string,
  atMs: number,
): HistoryEvent => event(EventType.EventSent, { InstanceId: instanceId, Name: name, Input: input }, id, atMs);

export const eventRaised = (name: string, input: string | null, atMs: number): HistoryEvent =>
  event(EventType.EventRaised, { Name: name, Input: input, ParentTraceContext: null }, -1, atMs);

export const executionTerminated = (reason: string | null, atMs: number): HistoryEvent =>
  event(EventType.ExecutionTerminated, { Input: reason }, -1, atMs);

export const executionSuspended = (reason: string | null, atMs: number): HistoryEvent =>
  event(EventType.ExecutionSuspended, { Reason: reason }, -1, atMs);

export const executionResumed = (reason: string | null, atMs: number): HistoryEvent =>
  event(EventType.ExecutionResumed, { Reason: reason }, -1, atMs);

/** Wakes a rewound instance, and stands where a rewound failure stood. */
export const genericEvent = (data: string | null, eventId: number, timestamp: string): HistoryEvent => ({
  Data: data,
  EventType: EventType.GenericEvent,
  EventId: eventId,
  IsPlayed: false,
  Timestamp: timestamp,
});

/** DurableTask.Core's OrchestrationStatus numbers, as ExecutionCompleted carries them. */
export const OrchestrationStatus = { Completed: 1, Failed: 3, Terminated: 5 } as const;

export const executionCompleted = (
  id: number,
  result: string | null,
  status: number,
  atMs: number,
): HistoryEvent =>
  event(
    EventType.ExecutionCompleted,
    { OrchestrationStatus: status, Result: result, FailureDetails: null },
    id,
    atMs,
  );
