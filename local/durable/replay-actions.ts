import type { Decision } from './decision';
import {
  entityInstanceId,
  entityOf,
  NO_LABEL,
  releaseText,
  requestText,
  SendLabels,
  type RequestMessage,
} from './entity-message';
import { deterministicGuid } from './guid';
import { ReplayFault } from './replay-fault';
import { ReplayTask, whenAll, whenAny } from './replay-task';
import { ActionType, type HttpRequestAction, type RetryPolicy, type SdkAction } from './sdk-actions';
import { roundTripTimeText, timeText } from './time-text';

/** The activity name under which the extension runs `callHttp` itself. */
export const HTTP_ACTIVITY = 'BuiltIn::HttpActivity';

/** Facts of the instance and its host that a replay needs. */
export interface ReplaySettings {
  name: string;
  instanceId: string;
  executionId: string;
  parentInstanceId: string | null;
  defaultVersion: string | null;
  maximumShortTimerMs: number;
  longTimerIntervalMs: number;
  httpPollMs: number;
  /** Ids that earlier replays of the execution have made, by time and counter. */
  guids: Map<string, string>;
  /** Real time, for messages that carry it. */
  now: () => number;
  /** The reason for refusing a function that is not registered, or undefined when it is. */
  unknown: (kind: 'orchestration' | 'activity' | 'entity', name: string) => string | undefined;
  /** The reason that the ExecutionTerminated event at this position of the history carries. */
  terminationReason: (index: number) => string | null;
}

/** What actions may do to the replay they belong to. */
export interface ReplayScope {
  readonly settings: ReplaySettings;
  /** The replayed time: the last OrchestratorStarted. */
  readonly nowMs: number;
  continueAsNew: { input: string | null; carryOver: number[] } | undefined;
  takeId(): number;
  decide(decision: Decision): void;
  openTask(id: number): ReplayTask;
  cancel(id: number): void;
  waitForEvent(name: string): ReplayTask;
}

/** Turns each of the SDK's actions into tasks and decisions, with the extension's rules for retries, timers and entities. */
export class ReplayActions {
  private readonly labels = new SendLabels();
  private guids = 0;
  private held: { targets: string[]; lockRequestId: string } | undefined;

  constructor(private readonly scope: ReplayScope) {}

  /** @throws ReplayFault for what the extension refuses. */
  invoke(action: SdkAction): ReplayTask {
    switch (action.actionType) {
      case ActionType.CallActivity:
        return this.activity(required(action.functionName), action.input);
      case ActionType.CallActivityWithRetry:
        return this.retry(required(action.retryOptions), () =>
          this.activity(required(action.functionName), action.input),
        );
      case ActionType.CallSubOrchestrator:
        return this.subOrchestration(action);
      case ActionType.CallSubOrchestratorWithRetry:
        return this.retry(required(action.retryOptions), () => this.subOrchestration(action));
      case ActionType.ContinueAsNew:
        this.scope.continueAsNew = { input: inputText(action.input) ?? null, carryOver: [] };
        return ReplayTask.settled();
      case ActionType.CreateTimer:
        return this.timer(Date.parse(fireAt(action)), action.isCanceled === true);
      case ActionType.WaitForExternalEvent:
        return this.scope.waitForEvent(required(action.externalEventName));
      case ActionType.CallEntity:
        return this.callEntity(action);
      case ActionType.SignalEntity:
        return this.signalEntity(action, undefined);
      case ActionType.ScheduledSignalEntity:
        return this.signalEntity(action, timeText(Date.parse(fireAt(action))));
      case ActionType.CallHttp:
        return this.http(required(action.httpRequest));
      case ActionType.WhenAny:
        return whenAny((action.compoundActions ?? []).map((part) => this.invoke(part)));
      case ActionType.WhenAll:
        return whenAll((action.compoundActions ?? []).map((part) => this.invoke(part)));
      case ActionType.LockEntities:
        return this.lock(action);
      case ActionType.ReleaseEntities:
        this.releaseLocks();
        return ReplayTask.settled();
      default:
        throw new ReplayFault(
          `Received an unexpected action type from the out-of-proc function: '${action.actionType}'.`,
        );
    }
  }

  /** Gives back what the orchestration still holds. */
  releaseLocks(): void {
    if (!this.held) return;
    const { targets, lockRequestId } = this.held;
    this.held = undefined;
    const parent = this.scope.settings.instanceId;
    for (const target of targets) {
      const message = (): string => releaseText({ parent, id: lockRequestId });
      this.scope.decide({ kind: 'send', id: this.scope.takeId(), target, name: 'release', message });
    }
  }

  private activity(name: string, input: unknown): ReplayTask {
    this.requireKnown('activity', name);
    return this.scheduled({ kind: 'activity', id: this.scope.takeId(), name, input: () => inputText(input) });
  }

  private subOrchestration(action: SdkAction): ReplayTask {
    const { settings } = this.scope;
    const name = required(action.functionName);
    this.requireKnown('orchestration', name);
    const wanted = action.instanceId ?? '';
    const ancestors = [settings.instanceId, settings.parentInstanceId ?? undefined];
    if (wanted !== '' && ancestors.some((other) => other?.toLowerCase() === wanted.toLowerCase())) {
      throw new ReplayFault(
        'The instance ID of a sub-orchestration must be different than the instance ID of a parent orchestration.',
      );
    }
    if (wanted.startsWith('@')) throw new ReplayFault('Orchestration instance ids must not start with @');
    const id = this.scope.takeId();
    return this.scheduled({
      kind: 'subOrchestration',
      id,
      name,
      version: action.version ?? settings.defaultVersion,
      instanceId: wanted.trim() === '' ? `${settings.executionId}:${id}` : wanted,
      input: () => JSON.stringify(action.input) ?? null,
    });
  }

  /** Timers further off than the longest the extension takes are split into a chain. */
  private timer(fireAtMs: number, cancelled: boolean): ReplayTask {
    const { maximumShortTimerMs, longTimerIntervalMs } = this.scope.settings;
    if (fireAtMs - this.scope.nowMs <= maximumShortTimerMs) return this.shortTimer(fireAtMs, cancelled);
    const whole = new ReplayTask();
    const wait = (untilMs: number): void => {
      this.shortTimer(untilMs, cancelled).whenSettled((ok) => {
        const leftMs = fireAtMs - this.scope.nowMs;
        if (!ok || leftMs <= 0) whole.settle(ok);
        else wait(this.scope.nowMs + Math.min(leftMs, longTimerIntervalMs));
      });
    };
    wait(this.scope.nowMs + longTimerIntervalMs);
    return whole;
  }

  private shortTimer(fireAtMs: number, cancelled = false): ReplayTask {
    const id = this.scope.takeId();
    const task = this.scheduled({ kind: 'timer', id, fireAtMs });
    if (cancelled) this.scope.cancel(id);
    return task;
  }

  private scheduled(decision: Decision): ReplayTask {
    this.scope.decide(decision);
    return this.scope.openTask(decision.id);
  }

  /** DurableTask.Core's retry loop, with its extra timer after the last attempt. */
  private retry(policy: RetryPolicy, start: () => ReplayTask): ReplayTask {
    const whole = new ReplayTask();
    const firstAttemptMs = this.scope.nowMs;
    const attempt = (count: number): void => {
      start().whenSettled((ok) => {
        if (ok) return whole.settle(true);
        const isLast = count + 1 >= policy.maxNumberOfAttempts;
        const delayMs = isLast ? 0 : nextDelayMs(policy, count, this.scope.nowMs - firstAttemptMs);
        // Out of time: no further timer, unlike after the last attempt.
        if (!isLast && delayMs === 0) return whole.settle(false);
        this.shortTimer(this.scope.nowMs + delayMs).whenSettled(() => {
          if (isLast) whole.settle(false);
          else attempt(count + 1);
        });
      });
    };
    attempt(0);
    return whole;
  }

  private http(request: HttpRequestAction): ReplayTask {
    const whole = new ReplayTask();
    const poll = request.asynchronousPatternEnabled !== false;
    const call = (current: HttpRequestAction): void => {
      const task = this.scheduled({
        kind: 'activity',
        id: this.scope.takeId(),
        name: HTTP_ACTIVITY,
        input: () => JSON.stringify(current),
      });
      task.whenSettled((ok) => {
        const hint = poll ? task.poll : undefined;
        if (!hint) return whole.settle(ok);
        if (hint.location === undefined) return whole.settle(false);
        const location = hint.location;
        const waitMs =
          hint.retryAfterSeconds === undefined
            ? this.scope.settings.httpPollMs
            : hint.retryAfterSeconds * 1000;
        this.shortTimer(this.scope.nowMs + waitMs).whenSettled(() => call(pollRequest(request, location)));
      });
    };
    call(request);
    return whole;
  }

  private callEntity(action: SdkAction): ReplayTask {
    return this.scope.waitForEvent(this.sendRequest(action, false, undefined));
  }

  private signalEntity(action: SdkAction, due: string | undefined): ReplayTask {
    this.sendRequest(action, true, due);
    return ReplayTask.settled();
  }

  /** @returns the request's id, under which the answer comes back. */
  private sendRequest(action: SdkAction, signal: boolean, due: string | undefined): string {
    const target = required(action.instanceId);
    this.requireKnown('entity', entityOf(target)?.name ?? target);
    const { settings } = this.scope;
    const request: RequestMessage = {
      op: action.operation,
      signal,
      input: action.input === null || action.input === undefined ? undefined : JSON.stringify(action.input),
      id: this.nextGuid(),
      parent: settings.instanceId,
      parentExecution: settings.executionId,
      due,
    };
    this.send(target, request, due === undefined ? 'op' : `op@${due}`);
    return request.id;
  }

  /** A hash per call and replay would cost more than the rest of the replay: an execution keeps the ids it has. */
  private nextGuid(): string {
    const { settings, nowMs } = this.scope;
    const key = `${nowMs}_${this.guids++}`;
    const known = settings.guids.get(key);
    if (known !== undefined) return known;
    const name = `${settings.instanceId}_${roundTripTimeText(nowMs)}_${this.guids - 1}`;
    const guid = deterministicGuid(name);
    settings.guids.set(key, guid);
    return guid;
  }

  private lock(action: SdkAction): ReplayTask {
    const { settings } = this.scope;
    const lockset = required(action.lockSet);
    for (const entity of lockset) this.requireKnown('entity', entity.name);
    const targets = lockset.map((entity) => entityInstanceId(entity.name, entity.key));
    const lockRequestId = required(action.lockRequestId);
    const request: RequestMessage = {
      id: lockRequestId,
      parent: settings.instanceId,
      parentExecution: settings.executionId,
      lockset,
    };
    this.send(required(targets[0]), request, 'op');
    const granted = this.scope.waitForEvent(lockRequestId);
    granted.whenSettled(() => {
      this.held = { targets, lockRequestId };
    });
    return granted;
  }

  private send(target: string, request: RequestMessage, name: string): void {
    const label = request.due === undefined ? this.labels.next(target, this.scope.nowMs) : () => NO_LABEL;
    const message = (): string => requestText(request, label(), this.scope.settings.now());
    this.scope.decide({ kind: 'send', id: this.scope.takeId(), target, name, message });
  }

  private requireKnown(kind: 'orchestration' | 'activity' | 'entity', name: string): void {
    const refusal = this.scope.settings.unknown(kind, name);
    if (refusal !== undefined) throw new ReplayFault(refusal);
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new ReplayFault('Out of proc orchestrators must return a valid JSON schema');
  return value;
}

const fireAt = (action: SdkAction): string =>
  action.fireAt instanceof Date ? action.fireAt.toISOString() : required(action.fireAt);

/** The SDK hands strings over as JSON text already, other values as they are. */
const inputText = (input: unknown): string | undefined =>
  typeof input === 'string' ? input : JSON.stringify(input);

function nextDelayMs(policy: RetryPolicy, attempt: number, elapsedMs: number): number {
  if (elapsedMs >= (policy.retryTimeoutInMilliseconds ?? Infinity)) return 0;
  const delayMs = policy.firstRetryIntervalInMilliseconds * (policy.backoffCoefficient ?? 1) ** attempt;
  return Math.round(Math.min(delayMs, policy.maxRetryIntervalInMilliseconds ?? Infinity));
}

/** Polls the location with the same headers, but without the function's own key. */
function pollRequest(request: HttpRequestAction, location: string): HttpRequestAction {
  const headers = Object.entries(request.headers ?? {}).filter(
    ([name]) => name.toLowerCase() !== 'x-functions-key',
  );
  return {
    method: 'GET',
    uri: location,
    headers: Object.fromEntries(headers),
    ...(request.tokenSource !== undefined && { tokenSource: request.tokenSource }),
    asynchronousPatternEnabled: true,
  };
}
