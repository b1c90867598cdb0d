import type { Completion, Decision } from './decision';
import type { FunctionInvoker, InvocationResult, RuntimeStatus } from './engine-api';
import type { FunctionNames } from './function-names';
import { newPlainGuid } from './guid';
import {
  EventType,
  eventSent,
  executionCompleted,
  executionStarted,
  orchestratorCompleted,
  orchestratorStarted,
  OrchestrationStatus,
  subOrchestrationCreated,
  taskScheduled,
  timerCreated,
  type HistoryEvent,
} from './history';
import type { Hub } from './hub';
import { nextGeneration, orchestrationPayload, type Execution } from './orchestrations';
import { Replay, type Outcome, type ReplayResult } from './replay';
import type { ReplaySettings } from './replay-actions';
import { replayEvent } from './replay-event';
import { stateInMessage, type OrchestratorState } from './sdk-actions';
import { LONG_TIMER_INTERVAL_MS, MAXIMUM_SHORT_TIMER_MS } from './settings';

/** What is to be sent once the episode is committed, with the execution that decided it. */
export interface Outgoing {
  execution: Execution;
  decision: Exclude<Decision, Completion | { kind: 'continueAsNew' }>;
  /** A send's text, as its history event has it. */
  text: string;
}

/** Everything one work item of an orchestration changes. */
export interface EpisodeResult {
  /** The execution as it was loaded, or its successor after continueAsNew. */
  execution: Execution;
  continued: boolean;
  /** The successor's or the execution's new events, to be appended. */
  events: HistoryEvent[];
  outgoing: Outgoing[];
  completion: Completion | undefined;
  status: RuntimeStatus;
  customStatus: string | null;
}

export interface EpisodeScope {
  hub: Hub;
  invoker: FunctionInvoker;
  names: FunctionNames;
}

/** Runs the orchestrator on its history plus `received`, over as many generations as it continues as new in one go. */
export async function runEpisode(
  scope: EpisodeScope,
  loaded: Execution,
  received: readonly HistoryEvent[],
  statusBefore: RuntimeStatus,
): Promise<EpisodeResult> {
  const now = (): number => scope.hub.clock.now();
  const result: EpisodeResult = {
    execution: loaded,
    continued: false,
    events: [orchestratorStarted(now()), ...received],
    outgoing: [],
    completion: undefined,
    status: statusAfter(statusBefore, received),
    customStatus: null,
  };
  for (;;) {
    const { execution, events } = result;
    const outcome = await invoke(scope, execution, events);
    const replayed = replay(scope, execution, events, outcome);
    for (const event of events) if (event.EventType !== EventType.OrchestratorStarted) event.IsPlayed = true;
    result.customStatus = replayed.customStatus ?? (result.continued ? result.customStatus : null);
    const before = execution.customStatus;
    const next = carryOut(scope, result, replayed.decisions);
    if (!next) break;
    // The custom status outlives the generation that set it only within the work item that continued.
    result.customStatus ??= before;
    result.continued = true;
    startGeneration(scope, result, next);
  }
  const last = result.events.at(-1);
  if (last?.EventType !== EventType.OrchestratorCompleted) result.events.push(orchestratorCompleted(now()));
  return result;
}

function statusAfter(before: RuntimeStatus, received: readonly HistoryEvent[]): RuntimeStatus {
  let status: RuntimeStatus = before === 'Suspended' ? 'Suspended' : 'Running';
  for (const event of received) {
    if (event.EventType === EventType.ExecutionSuspended) status = 'Suspended';
    if (event.EventType === EventType.ExecutionResumed) status = 'Running';
  }
  return status;
}

async function invoke(
  scope: EpisodeScope,
  execution: Execution,
  fresh: readonly HistoryEvent[],
): Promise<Outcome> {
  const name = scope.names.registered('orchestration', execution.name);
  if (name === undefined) {
    return { kind: 'failed', message: scope.names.refusal('orchestration', execution.name) ?? '' };
  }
  const size = execution.past.length + fresh.length;
  if (size > scope.hub.settings.maxHistoryEvents) {
    return {
      kind: 'failed',
      message: `HistoryTooLong: the history has ${size} events, the limit is ${scope.hub.settings.maxHistoryEvents}; continue as new or use child orchestrations.`,
    };
  }
  try {
    const payload = orchestrationPayload(execution, fresh, scope.hub.settings.httpPollMs);
    return outcomeOf(await scope.invoker.orchestration(name, execution.id, payload));
  } catch (cause) {
    return { kind: 'failed', message: messageOf(cause) };
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

function outcomeOf(result: InvocationResult): Outcome {
  if (!result.ok) {
    const state = stateInMessage(result.message);
    return state
      ? { kind: 'state', state, stack: result.stack }
      : { kind: 'failed', message: result.message };
  }
  const state = result.value as OrchestratorState | null | undefined;
  if (typeof state === 'object' && state !== null && Array.isArray(state.actions)) {
    return { kind: 'state', state, stack: undefined };
  }
  return { kind: 'failed', message: 'Out of proc orchestrators must return a valid JSON schema' };
}

function replay(
  scope: EpisodeScope,
  execution: Execution,
  fresh: readonly HistoryEvent[],
  outcome: Outcome,
): ReplayResult {
  const past = execution.past.length;
  const settings: ReplaySettings = {
    name: execution.name,
    instanceId: execution.id,
    executionId: execution.executionId,
    parentInstanceId: execution.parent?.OrchestrationInstance.InstanceId ?? null,
    defaultVersion: scope.hub.settings.defaultVersion,
    maximumShortTimerMs: MAXIMUM_SHORT_TIMER_MS,
    longTimerIntervalMs: LONG_TIMER_INTERVAL_MS,
    httpPollMs: scope.hub.settings.httpPollMs,
    guids: execution.guids,
    now: () => scope.hub.clock.now(),
    unknown: (kind, name) => scope.names.refusal(kind, name),
    terminationReason: (index) => {
      const reason = fresh[index - past]?.['Input'];
      return typeof reason === 'string' ? reason : null;
    },
  };
  const events = [...execution.past, ...fresh].map((event, index) => replayEvent(event, index));
  try {
    return new Replay(settings, outcome).run(events);
  } catch (cause) {
    // Actions that are not of the protocol's form: the instance fails, the engine goes on.
    return new Replay(settings, { kind: 'failed', message: messageOf(cause) }).run(events);
  }
}

interface NextGeneration {
  input: string | null;
  carryOver: HistoryEvent[];
}

/** Records the decisions as events. @returns what to continue with, if the orchestrator continued as new. */
function carryOut(
  scope: EpisodeScope,
  result: EpisodeResult,
  decisions: readonly Decision[],
): NextGeneration | undefined {
  let next: NextGeneration | undefined;
  const { execution, events } = result;
  const received = [...events];
  for (const decision of decisions) {
    if (decision.kind === 'complete') {
      result.completion = decision;
      result.status = decision.status;
      const status = OrchestrationStatus[decision.status];
      events.push(executionCompleted(decision.id, decision.result, status, scope.hub.clock.now()));
    } else if (decision.kind === 'continueAsNew') {
      const carryOver = decision.carryOver.map((index) => received[index - execution.past.length]);
      next = { input: decision.input, carryOver: carryOver.filter((event) => event !== undefined) };
    } else {
      const text = decision.kind === 'send' ? decision.message() : '';
      events.push(decisionEvent(decision, text, scope.hub.clock.now()));
      result.outgoing.push({ execution, decision, text });
    }
  }
  return next;
}

function decisionEvent(decision: Outgoing['decision'], text: string, nowMs: number): HistoryEvent {
  switch (decision.kind) {
    case 'activity':
      return taskScheduled(decision.id, decision.name, nowMs);
    case 'timer':
      return timerCreated(decision.id, decision.fireAtMs, nowMs);
    case 'subOrchestration':
      return subOrchestrationCreated(
        decision.id,
        decision.name,
        decision.version,
        decision.instanceId,
        nowMs,
      );
    case 'send':
      return eventSent(decision.id, decision.target, decision.name, text, nowMs);
  }
}

function startGeneration(scope: EpisodeScope, result: EpisodeResult, next: NextGeneration): void {
  const nowMs = scope.hub.clock.now();
  const execution = nextGeneration(result.execution, newPlainGuid(), next.input);
  for (const event of next.carryOver) event.IsPlayed = false;
  result.execution = execution;
  result.status = 'Running';
  result.events = [
    orchestratorStarted(nowMs),
    executionStarted({ ...execution, instanceId: execution.id }, nowMs),
    ...next.carryOver,
    orchestratorCompleted(nowMs),
  ];
}
