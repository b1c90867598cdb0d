import type { OrchestrationHandler } from 'durable-functions';
import { DummyOrchestrationContext } from 'durable-functions';
// @ts-expect-error the SDK ships no types for what the Functions worker calls
import { Orchestrator as UntypedOrchestrator } from 'durable-functions/lib/src/orchestrations/Orchestrator';

const Orchestrator = UntypedOrchestrator as new (handler: OrchestrationHandler) => {
  listen(): (trigger: unknown, context: DummyOrchestrationContext) => Promise<unknown>;
};

export interface WireAction {
  actionType: number;
  compoundActions?: WireAction[];
  fireAt?: string;
  isCanceled?: boolean;
  functionName?: string;
  operation?: string;
  instanceId?: string;
  input?: unknown;
  externalEventName?: string;
}

export interface WireState {
  isDone: boolean;
  actions: WireAction[][];
  output?: unknown;
  customStatus?: unknown;
}

export type HistoryEvent = Record<string, unknown> & { EventType: number };

const WAIT = 6;
const ANY = 11;
const ALL = 12;

/** Runs one episode of an orchestrator on the unmodified SDK: the whole history in, the actions it asks for out. */
export async function replay(
  handler: OrchestrationHandler,
  episode: { history: HistoryEvent[]; input: unknown; instanceId: string; parentInstanceId?: string },
): Promise<WireState> {
  const context = new DummyOrchestrationContext('test', 'test', () => undefined);
  const state = await new Orchestrator(handler).listen()(
    {
      history: structuredClone(episode.history),
      input: structuredClone(episode.input),
      instanceId: episode.instanceId,
      isReplaying: false,
      parentInstanceId: episode.parentInstanceId,
      upperSchemaVersion: 1,
      upperSchemaVersionNew: 3,
      longRunningTimerIntervalDuration: '3.00:00:00',
      maximumShortTimerDuration: '6.00:00:00',
      defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
    },
    context,
  );
  return JSON.parse(JSON.stringify(state)) as WireState;
}

/**
 * The smallest engine that can drive one orchestrator by hand: the test says what happens in each episode. Ids are given as
 * the extension gives them: in the order in which actions appear, each member of a group counted.
 */
export class SdkDriver {
  readonly history: HistoryEvent[] = [];
  state: WireState | undefined;
  private nowMs = Date.UTC(2026, 0, 1);

  constructor(
    private readonly handler: OrchestrationHandler,
    private readonly input: unknown = null,
    private readonly instanceId = 'test',
  ) {}

  start(): Promise<WireState> {
    return this.episode([{ EventType: 0, Name: 'test', Input: JSON.stringify(this.input), Version: '1' }]);
  }

  /** One episode that begins `afterMs` later and brings these events. */
  async episode(events: HistoryEvent[], afterMs = 1_000): Promise<WireState> {
    this.nowMs += afterMs;
    const Timestamp = new Date(this.nowMs).toISOString();
    const common = { EventId: -1, IsPlayed: false, Timestamp };
    this.history.push({ EventType: 12, ...common }, ...events.map((event) => ({ ...common, ...event })), {
      EventType: 13,
      ...common,
    });
    this.state = await replay(this.handler, {
      history: this.history,
      input: this.input,
      instanceId: this.instanceId,
    });
    return this.state;
  }

  /** Everything scheduled so far, index = id. Waits for events have none. */
  scheduled(): WireAction[] {
    return (this.state?.actions ?? []).flat().flatMap(members);
  }

  raise(input: unknown): HistoryEvent {
    return { EventType: 15, Name: 'inbox', Input: JSON.stringify(input) };
  }

  fired(id: number): HistoryEvent {
    return { EventType: 11, TimerId: id };
  }

  completed(id: number, result: unknown): HistoryEvent {
    return { EventType: 5, TaskScheduledId: id, Result: JSON.stringify(result ?? null) };
  }

  /** The answer of an entity: the extension sends the request first, so both events are given. */
  answered(id: number, result: unknown): HistoryEvent[] {
    const request = `request-${id}`;
    return [
      { EventType: 14, EventId: id, Input: JSON.stringify({ id: request }) },
      { EventType: 15, Name: request, Input: JSON.stringify({ result: JSON.stringify(result) }) },
    ];
  }

  childCompleted(id: number, result: unknown): HistoryEvent {
    return { EventType: 8, TaskScheduledId: id, Result: JSON.stringify(result) };
  }
}

function members(action: WireAction): WireAction[] {
  if (action.actionType === ANY || action.actionType === ALL) {
    return (action.compoundActions ?? []).flatMap(members);
  }
  return action.actionType === WAIT ? [] : [action];
}
