/** What the SDK returns from an episode: the out-of-process protocol, schema versions 1 to 3 of `actions`. */
export interface OrchestratorState {
  isDone: boolean;
  actions: SdkAction[][];
  output?: unknown;
  error?: string;
  customStatus?: unknown;
  failureDetails?: Record<string, unknown>;
  schemaVersion?: number;
}

export const ActionType = {
  CallActivity: 0,
  CallActivityWithRetry: 1,
  CallSubOrchestrator: 2,
  CallSubOrchestratorWithRetry: 3,
  ContinueAsNew: 4,
  CreateTimer: 5,
  WaitForExternalEvent: 6,
  CallEntity: 7,
  CallHttp: 8,
  SignalEntity: 9,
  ScheduledSignalEntity: 10,
  WhenAny: 11,
  WhenAll: 12,
  LockEntities: 13,
  ReleaseEntities: 14,
} as const;

export interface RetryPolicy {
  firstRetryIntervalInMilliseconds: number;
  maxNumberOfAttempts: number;
  backoffCoefficient?: number;
  maxRetryIntervalInMilliseconds?: number;
  retryTimeoutInMilliseconds?: number;
}

/** A `callHttp` as the SDK describes it. */
export interface HttpRequestAction {
  method: string;
  uri: string;
  content?: string;
  headers?: Record<string, string>;
  tokenSource?: unknown;
  asynchronousPatternEnabled?: boolean;
}

/** One action; which fields are there depends on `actionType`. */
export interface SdkAction {
  actionType: number;
  functionName?: string;
  input?: unknown;
  retryOptions?: RetryPolicy;
  instanceId?: string;
  version?: string;
  fireAt?: string | Date;
  isCanceled?: boolean;
  externalEventName?: string;
  operation?: string;
  httpRequest?: HttpRequestAction;
  compoundActions?: SdkAction[];
  lockSet?: { name: string; key: string }[];
  lockRequestId?: string;
}

/** Where the SDK hides the state of a failed episode in the exception's message. */
const OUT_OF_PROC_DATA = '\n\n$OutOfProcData$:';

/** The state inside a failure's message, or undefined when the failure is not the SDK's. */
export function stateInMessage(message: string): OrchestratorState | undefined {
  const at = message.indexOf(OUT_OF_PROC_DATA);
  if (at < 0) return undefined;
  try {
    return JSON.parse(message.slice(at + OUT_OF_PROC_DATA.length)) as OrchestratorState;
  } catch {
    return undefined;
  }
}

/** The part of a failure's message that is meant for people. */
export function friendlyMessage(message: string): string {
  const at = message.indexOf(OUT_OF_PROC_DATA);
  return at < 0 ? message : message.slice(0, at);
}
