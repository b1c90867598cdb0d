/** What the engine can be tuned with; times in milliseconds, sizes in bytes. */
export interface EngineSettings {
  /** host.json's extensions.durableTask.defaultVersion; null when versions are not used. */
  defaultVersion: string | null;
  /** Activities that run at the same time. */
  maxConcurrentActivities: number;
  /** Orchestration episodes and entity batches that run at the same time. */
  maxConcurrentWorkItems: number;
  /** Operations that one entity invocation gets at most. */
  maxEntityBatch: number;
  /** Histories kept in memory between episodes. */
  historyCacheBytes: number;
  /** Entity states kept in memory between batches. */
  entityCacheBytes: number;
  /** Longest input, event, operation or result. */
  maxPayloadBytes: number;
  /** Longest history of one execution, in events. */
  maxHistoryEvents: number;
  /** host.json's httpSettings.defaultAsyncRequestSleepTimeMilliseconds. */
  httpPollMs: number;
  /** Wait before work is tried again that the store refused. */
  retryAfterStoreErrorMs: number;
  /** For tests: whether an episode of this orchestration is forgotten, and after how long what it took comes again (ms; forgetful.ts). */
  forgets?: ((instanceId: string) => number | undefined) | undefined;
}

export const DEFAULT_SETTINGS: EngineSettings = {
  defaultVersion: null,
  maxConcurrentActivities: 64,
  maxConcurrentWorkItems: 64,
  maxEntityBatch: 1000,
  historyCacheBytes: 8 * 1024 * 1024,
  entityCacheBytes: 32 * 1024 * 1024,
  maxPayloadBytes: 32 * 1024 * 1024,
  maxHistoryEvents: 200_000,
  httpPollMs: 30_000,
  retryAfterStoreErrorMs: 1000,
};

const DAY_MS = 86_400_000;

/** Longest single timer of the Azure Storage provider, and the pieces it cuts longer ones into. */
export const MAXIMUM_SHORT_TIMER_MS = 6 * DAY_MS;
export const LONG_TIMER_INTERVAL_MS = 3 * DAY_MS;
