import type { AgentEventBody, LogLine, Usage } from '../../contracts/agent-protocol';
import type { FlowProgress } from '../../contracts/worker-protocol';
import type { GoCommand, StopOrder } from '../protocol/decide';
import type { ProcessIdentity } from '../protocol/records';

/** What a runner tells while a run executes. */
export interface RunHooks {
  /** The worker process exists and waits. @returns when its pid is on disk; only then may it begin (rule 5). */
  worker(process: ProcessIdentity): Promise<void>;
  progress(progress: FlowProgress): void;
  usage(usage: Usage): void;
  log(lines: LogLine[], dropped: number): void;
}

/** A run that executes. */
export interface RunHandle {
  /** Never rejects: whatever happens is an outcome. All processes of the run are gone when it resolves. */
  ended: Promise<AgentEventBody<'done'>>;
  /** Ends the run as the order says; a further order may only be stronger, or shorten the time. */
  stop(order: StopOrder): void;
  /** @returns false when there is nothing to freeze. */
  pause(): Promise<boolean>;
  resume(): Promise<boolean>;
}

/** Executes the runs that the protocol has started. */
export interface Runner {
  start(command: GoCommand, hooks: RunHooks): RunHandle;
  /** Called once before anything else when the agent starts: ends what an earlier process left running (rule 5). */
  clean(workers: ProcessIdentity[]): Promise<void>;
  /** Kinds of desktop flows this runner can execute. */
  kinds(): Promise<string[]>;
}
