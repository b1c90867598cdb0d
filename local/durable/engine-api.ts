import type { HistoryEvent } from './history';

/**
 * The seam between the Durable engine (`local/durable`) and the Functions host (`local/host`), which owns HTTP and the
 * loaded app. Payloads have the form of the out-of-process protocol (`docs/local-host.md`); values that users hand over
 * (inputs, outputs, events) are JSON texts.
 */

/** What the orchestrationTrigger carries, keys in the order of the extension's text. The SDK may change every part of it. */
export interface OrchestrationPayload {
  history: HistoryEvent[];
  input: unknown;
  instanceId: string;
  isReplaying: boolean;
  parentInstanceId: string | null;
  upperSchemaVersion: number;
  upperSchemaVersionNew: number;
  longRunningTimerIntervalDuration: string;
  maximumShortTimerDuration: string;
  defaultHttpAsyncRequestSleepTimeMillseconds: number;
}

/** What the entityTrigger carries; `state` and the inputs are JSON texts. */
export interface EntityPayload {
  self: { name: string; key: string };
  exists: boolean;
  state: string | null;
  batch: { name: string | null; input: string | null; isSignal: boolean; id: string }[];
}

/** What one invocation of the app's code gave back. `message` is the text of the exception as the worker reports it. */
export type InvocationResult =
  { ok: true; value: unknown } | { ok: false; message: string; stack?: string; type?: string };

/** How the engine runs the app's functions. Implemented by `local/host` over the loaded programming model. */
export interface FunctionInvoker {
  /** Registered names as the app wrote them; the engine compares without regard to case, as the extension does. */
  names(kind: 'orchestration' | 'activity' | 'entity'): string[];
  /**
   * Whether whatever this activity does goes to services on the engine's store, so that nothing of it can outlive a crash that its cause
   * did not. Any other activity starts only when its cause is on disk.
   */
  staysInside?(activity: string): boolean;
  /** One episode; `value` is the action object the SDK returned. */
  orchestration(name: string, instanceId: string, payload: OrchestrationPayload): Promise<InvocationResult>;
  /** `input` is the JSON text of the activity's input, absent when there is none; `value` what the function returned. */
  activity(name: string, instanceId: string, input: string | undefined): Promise<InvocationResult>;
  /** One batch; `value` is the batch result the SDK returned. */
  entity(name: string, key: string, payload: EntityPayload): Promise<InvocationResult>;
}

export type RuntimeStatus =
  'Pending' | 'Running' | 'Suspended' | 'Completed' | 'Failed' | 'Terminated' | 'ContinuedAsNew' | 'Canceled';

export interface InstanceState {
  name: string;
  instanceId: string;
  executionId: string;
  runtimeStatus: RuntimeStatus;
  /** JSON texts. */
  input: string | undefined;
  output: string | undefined;
  customStatus: string | undefined;
  createdMs: number;
  lastUpdatedMs: number;
  /**
   * Present when asked for: the events as the status query shows them, oldest first and ready to serialise (EventType by
   * name, scheduling merged into completion, results only with `historyOutput`). `showInput=false` is the caller's to apply.
   */
  history?: Record<string, unknown>[];
}

export interface StartRequest {
  name: string;
  /** A new id (32 hex digits) when absent. */
  instanceId?: string | undefined;
  input?: string | undefined;
  version?: string | undefined;
  /** Statuses of an existing instance that refuse the start. The host's default: Pending, Running, Suspended. */
  refuseWhen?: RuntimeStatus[];
}

export type StartResult = { ok: true; instanceId: string } | { ok: false; existing: RuntimeStatus };

/** What a management command found. The HTTP layer turns it into the real extension's status code. */
export type CommandResult = 'accepted' | 'notFound' | 'finished' | 'invalidState';

export interface InstanceQuery {
  createdFromMs?: number | undefined;
  createdToMs?: number | undefined;
  runtimeStatus?: RuntimeStatus[] | undefined;
  instanceIdPrefix?: string | undefined;
  /** Page size; the engine may return fewer. */
  top?: number | undefined;
  continuationToken?: string | undefined;
}

export interface EntityState {
  name: string;
  key: string;
  state: string | undefined;
  lastOperationMs: number;
}

export interface EntityQuery {
  name?: string | undefined;
  lastOperationFromMs?: number | undefined;
  lastOperationToMs?: number | undefined;
  top?: number | undefined;
  continuationToken?: string | undefined;
}

export interface Page<T> {
  items: T[];
  continuationToken?: string;
}

/** Every promise resolves only after what it reports is on disk. */
export interface DurableEngine {
  /**
   * The same engine for callers whose own answers wait for the disk: commands resolve when they are written, before they are on disk.
   * What is read is on disk here, too.
   */
  readonly inside: DurableEngine;
  /** Begins working off whatever the store holds. */
  run(invoker: FunctionInvoker): void;
  /** Stops taking new work and waits until what runs has been committed. */
  stop(): Promise<void>;
  /** Resolves when no work item is ready or running (timers in the future do not count). */
  idle(): Promise<void>;

  start(request: StartRequest): Promise<StartResult>;
  get(
    instanceId: string,
    options?: { history?: boolean; historyOutput?: boolean },
  ): Promise<InstanceState | undefined>;
  query(query: InstanceQuery): Promise<Page<InstanceState>>;
  raiseEvent(instanceId: string, name: string, input: string | undefined): Promise<CommandResult>;
  terminate(instanceId: string, reason: string | undefined): Promise<CommandResult>;
  suspend(instanceId: string, reason: string | undefined): Promise<CommandResult>;
  resume(instanceId: string, reason: string | undefined): Promise<CommandResult>;
  rewind(instanceId: string, reason: string | undefined): Promise<CommandResult>;
  /** @returns the id of the started instance, or undefined when the source is unknown. */
  restart(instanceId: string, withNewId: boolean): Promise<string | undefined>;
  purge(instanceId: string): Promise<CommandResult>;
  /** @returns how many instances were deleted. */
  purgeWhere(query: InstanceQuery): Promise<number>;

  signalEntity(
    name: string,
    key: string,
    operation: string,
    input: string | undefined,
    scheduledMs?: number,
  ): Promise<void>;
  readEntity(name: string, key: string): Promise<EntityState | undefined>;
  queryEntities(query: EntityQuery): Promise<Page<EntityState>>;
}
