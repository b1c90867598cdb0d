import { ByteCache } from './byte-cache';
import { EventType, eventText, type HistoryEvent, type ParentInstance } from './history';
import type { Hub } from './hub';
import { indentJson } from './json-text';
import { replayEvent, type ReplayEvent } from './replay-event';

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
  /** The input as it stands in the payload. */
  inputText: string;
  customStatus: string | null;
  /** The past as it stands in the payload: events with commas between. */
  pastText: string;
  past: ReplayEvent[];
  /** History rows written. */
  episodes: number;
  /** Replay-stable ids of entity calls, by time and counter. */
  guids: Map<string, string>;
}

const REPLAY_EVENT_BYTES = 120;
const GUID_BYTES = 150;

const payloadInput = (input: string | null): string => (input === null ? 'null' : indentJson(input, 2));

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
      inputText: payloadInput(input),
      customStatus: row.customStatus,
      pastText: '',
      past: [],
      episodes: row.episodes,
      guids: new Map(),
    };
    for (const { events } of this.hub.instances.history(seq)) {
      appendPast(execution, JSON.parse(events) as HistoryEvent[]);
    }
    return execution;
  }

  keep(execution: Execution): void {
    const bytes =
      execution.pastText.length +
      execution.inputText.length * 2 +
      execution.past.length * REPLAY_EVENT_BYTES +
      execution.guids.size * GUID_BYTES;
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
    inputText: payloadInput(input),
    generation: null,
    pastText: '',
    past: [],
    episodes: 0,
    guids: new Map(),
  };
}

/** Adds played events to the past. */
export function appendPast(execution: Execution, events: readonly HistoryEvent[]): void {
  // Joined rather than added: a sum of strings keeps all its parts, which takes several times the memory.
  const texts = events.map((event) => eventText(event));
  execution.pastText = (execution.pastText === '' ? texts : [execution.pastText, ...texts]).join(',\n');
  for (const event of events) execution.past.push(replayEvent(event, execution.past.length));
}

/** The orchestrationTrigger's text: the past and the events of this episode. */
export function payloadText(
  execution: Execution,
  fresh: readonly HistoryEvent[],
  httpPollMs: number,
): string {
  const freshText = fresh.map((event) => eventText(event)).join(',\n');
  const history = execution.pastText === '' ? freshText : `${execution.pastText},\n${freshText}`;
  const isReplaying = execution.past.some((event) => event.type === EventType.ExecutionStarted);
  const parentId = execution.parent?.OrchestrationInstance.InstanceId ?? null;
  return `{
  "history": [
${history}
  ],
  "input": ${execution.inputText},
  "instanceId": ${JSON.stringify(execution.id)},
  "isReplaying": ${isReplaying},
  "parentInstanceId": ${JSON.stringify(parentId)},
  "upperSchemaVersion": 1,
  "upperSchemaVersionNew": 3,
  "longRunningTimerIntervalDuration": "3.00:00:00",
  "maximumShortTimerDuration": "6.00:00:00",
  "defaultHttpAsyncRequestSleepTimeMillseconds": ${httpPollMs}
}`;
}
