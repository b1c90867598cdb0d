import type { AgentEventBody } from '../../contracts/agent-protocol';
import type { FlowProgress } from '../../contracts/worker-protocol';
import type { GoCommand } from '../protocol/decide';

/** Told what the runs of this machine do, as it happens. Its methods must not throw; nothing waits for what they do. */
export interface RunWatch {
  /** Told before anything of the run executes. */
  starting(command: GoCommand): void;
  progress(run: string, progress: FlowProgress): void;
  frozen(run: string, paused: boolean): void;
  stopping(run: string): void;
  ended(run: string, body: AgentEventBody<'done'>): void;
}
