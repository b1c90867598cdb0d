import type { AgentEventBody, LogLine } from '../../contracts/agent-protocol';
import type { FlowProgress } from '../../contracts/worker-protocol';
import type { GoCommand } from '../protocol/decide';

/** Told what the runs of this machine do, as it happens. Its methods must not throw; nothing waits for what they do. */
export interface RunWatch {
  /** Told before anything of the run executes. */
  starting(command: GoCommand): void;
  progress(run: string, progress: FlowProgress): void;
  log(run: string, lines: LogLine[], dropped: number): void;
  frozen(run: string, paused: boolean): void;
  stopping(run: string): void;
  ended(run: string, body: AgentEventBody<'done'>): void;
}

/** Tells each of them in turn. */
export function watchedBy(...watches: Partial<RunWatch>[]): RunWatch {
  return {
    starting: (command) => watches.forEach((watch) => watch.starting?.(command)),
    progress: (run, progress) => watches.forEach((watch) => watch.progress?.(run, progress)),
    log: (run, lines, dropped) => watches.forEach((watch) => watch.log?.(run, lines, dropped)),
    frozen: (run, paused) => watches.forEach((watch) => watch.frozen?.(run, paused)),
    stopping: (run) => watches.forEach((watch) => watch.stopping?.(run)),
    ended: (run, body) => watches.forEach((watch) => watch.ended?.(run, body)),
  };
}
