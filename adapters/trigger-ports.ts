/*
 * What triggers keep: when schedules come due, what triggers did, who may send events, how many runs failed one after another.
 * Instants are ms since the epoch.
 */

/** One occurrence of a flow's schedule that is to come, or is waiting for the run before it to end. */
export interface DueRow {
  flow: string;
  dueMs: number;
  /** Which schedule of the flow it belongs to: another definition's, or that of a deleted flow, is not started. */
  schedule: string;
  writtenMs: number;
  /** Set on an occurrence that came while the run before went on (overlap: queue). */
  waiting?: boolean | undefined;
}

/** The index of due times. Flows are spread over shards by name; each shard is read from its earliest time on. */
export interface Schedules {
  readonly shards: number;
  /** Writes the row; one of the same flow, schedule and time stays as it is. */
  add(row: DueRow): Promise<void>;
  wait(row: DueRow): Promise<void>;
  remove(row: DueRow): Promise<void>;
  /** What is due at `nowMs`, earliest first, at most `top` after the row `after`. */
  due(query: { shard: number; nowMs: number; top: number; after?: DueRow | undefined }): Promise<DueRow[]>;
  /** The run that the flow's schedule has started last. */
  lastRun(flow: string): Promise<string | undefined>;
  setLastRun(flow: string, run: string): Promise<void>;
}

export type TriggerOutcome = 'fired' | 'skipped' | 'failed';

/** What a trigger did with one occurrence or event. */
export interface TriggerEntry {
  flow: string;
  /** When it was due or received. */
  atMs: number;
  /** Tells entries of one instant apart; writing an entry of the same flow, instant and id again replaces it. */
  id: string;
  trigger: string;
  outcome: TriggerOutcome;
  /** Why it was skipped, or the code of the failure. */
  reason?: string | undefined;
  run?: string | undefined;
  /** The event, as `source` and id, or what else there is to say. */
  detail?: string | undefined;
}

export interface TriggerHistory {
  record(entry: TriggerEntry): Promise<void>;
  /** Newest first. */
  list(
    flow: string,
    query: { top: number; continuation?: string | undefined },
  ): Promise<{ entries: TriggerEntry[]; continuation?: string }>;
  /** Adds to the number of events that the flow's filter has let pass by. */
  addFiltered(flow: string, count: number): Promise<void>;
  filtered(flow: string): Promise<number>;
  /** Removes entries from before `beforeMs`, at most `top`. @returns how many there were. */
  prune(flow: string, beforeMs: number, top: number): Promise<number>;
}

/** Who may send events (row A3); the secret is kept with the credentials. */
export interface EventSourceRow {
  name: string;
  auth: 'key' | 'signature';
  secretRef: string;
  createdMs: number;
}

export interface EventSources {
  put(source: EventSourceRow): Promise<void>;
  get(name: string): Promise<EventSourceRow | undefined>;
  list(): Promise<EventSourceRow[]>;
  remove(name: string): Promise<void>;
}

export interface FlowHealth {
  /**
   * Counts how a run that was not started by a person ended; telling it twice counts once.
   * @returns how many have failed one after another.
   */
  ended(flow: string, run: string, failed: boolean): Promise<number>;
  reset(flow: string): Promise<void>;
}
