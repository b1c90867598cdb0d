import { ByteCache } from './byte-cache';
import type { OrchestrationPayload } from './engine-api';
import { EventType, type HistoryEvent, type ParentInstance } from './history';
import type { Hub } from './hub';

/** One execution between its episodes: ready to be replayed without reading or serialising its past again. */
export interface Execution {
  seq: number;
  id: string;
  name: string;
  executionId: string;
  version: string | null;
  parent: ParentInstance | null;
  generation: 0 | null;
  /** JSON text. */
  input: string | null;
  customStatus: string | null;
  past: HistoryEvent[];
  /** Length of the past as JSON text. */
  pastChars: number;
  /** History rows written. */
  episodes: number;
  /** Replay-stable ids of entity calls, by time and counter. */
  guids: Map<string, string>;
}

const GUID_BYTES = 150;

/** Executions in memory, the most recently used first; the others are read back from their history. */
export class Executions {
  private readonly hot: ByteCache<Execution>;

  constructor(private readonly hub: Hub) {
    this.hot = new ByteCache(hub.settings.historyCacheBytes);
  }

  /** @returns undefined when the instance is gone. */
  load(seq: number): Execution | undefined {
    const cached = this.hot.get(seq);
    if (cached) return cached;
    const row = this.hub.instances.get(seq);
    if (!row) return undefined;
    const { input, version, parent, generation } = this.hub.instances.input(seq);
    const execution: Execution = {
      seq,
      id: row.id,
      name: row.name,
      executionId: row.executionId,
      version,
      parent,
      generation,
      input,
      customStatus: row.customStatus,
      past: [],
      pastChars: 0,
      episodes: row.episodes,
      guids: new Map(),
    };
    for (const { events } of this.hub.instances.history(seq)) {
      appendPast(execution, JSON.parse(events) as HistoryEvent[], events.length);
    }
    return execution;
  }

  keep(execution: Execution): void {
    // An event in memory takes about what its text takes.
    const bytes =
      execution.pastChars + (execution.input?.length ?? 0) * 2 + execution.guids.size * GUID_BYTES;
    this.hot.set(execution.seq, execution, bytes);
  }

  forget(seq: number): void {
    this.hot.delete(seq);
  }

  clear(): void {
    this.hot.clear();
  }
}

/** The same instance under its next execution (continueAsNew). */
export function nextGeneration(execution: Execution, executionId: string, input: string | null): Execution {
  return {
    ...execution,
    executionId,
    input,
    generation: null,
    past: [],
    pastChars: 0,
    episodes: 0,
    guids: new Map(),
  };
}

/** Adds played events to the past. @param chars length of their JSON text. */
export function appendPast(execution: Execution, events: readonly HistoryEvent[], chars: number): void {
  for (const event of events) execution.past.push(event);
  execution.pastChars += chars;
}

/** What the orchestrationTrigger carries: the past and the events of this episode, in copies that the SDK may change. */
export function orchestrationPayload(
  execution: Execution,
  fresh: readonly HistoryEvent[],
  httpPollMs: number,
): OrchestrationPayload {
  return {
    history: [...execution.past, ...fresh].map((event) => copyOf(event)),
    input: execution.input === null ? null : JSON.parse(execution.input),
    instanceId: execution.id,
    isReplaying: execution.past.some((event) => event.EventType === EventType.ExecutionStarted),
    parentInstanceId: execution.parent?.OrchestrationInstance.InstanceId ?? null,
    upperSchemaVersion: 1,
    upperSchemaVersionNew: 3,
    longRunningTimerIntervalDuration: '3.00:00:00',
    maximumShortTimerDuration: '6.00:00:00',
    defaultHttpAsyncRequestSleepTimeMillseconds: httpPollMs,
  };
}

function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => copyOf(item)) as T;
  const copy = { ...value };
  for (const key in copy) if (typeof copy[key] === 'object') copy[key] = copyOf(copy[key]);
  return copy;
}
