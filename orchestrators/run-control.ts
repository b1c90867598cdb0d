import type { Task } from 'durable-functions';
import type { StopMode } from '../contracts/agent-protocol';
import type { GrantRef } from '../domain/run-queue/messages';
import type { AgentMessage } from '../domain/runs/inbox-messages';
import { isStronger, type StopReason } from '../domain/runs/judgements';
import { callThroughOutages } from './call-activity';
import { signalQueue } from './call-queue';
import type { DesktopRun } from './desktop-run';
import type { ResolvedDesktopFlow } from './resolve-desktop-flow.activity';
import { isOfVersion } from './versions';

/** Longer than the silence after which the queue frees a machine (row H3). */
const PROOF_MS = 4 * 3_600_000;

type Steps = Generator<Task, void, unknown>;

/** What people want of a run that was told to go: pause, resume, stop (row A7). The agent does it; what it says is shown. */
export class RunControl {
  /** Why the run is to end; the first wish of the strongest mode counts. */
  stopping: StopReason | undefined;
  private mode: StopMode | undefined;
  /** Since when nothing more is to be timed: the agent kills the run when its grace time is over. A checkpoint may never come. */
  endsSinceMs: number | undefined;
  /** Number of the last pause or resume. */
  private order = 0;
  private askedBy: string | undefined;
  private paused = false;

  constructor(
    private readonly run: DesktopRun,
    private readonly target: ResolvedDesktopFlow,
    private readonly turn: { queue: string; grant: GrantRef },
  ) {}

  /** When the proof of the end is given up. The queue does that after three hours' silence (row H3), but may have forgotten the grant. */
  get proofUntilMs(): number | undefined {
    if (this.endsSinceMs === undefined || !isOfVersion(this.run.df, 2)) return undefined;
    return this.endsSinceMs + this.target.stopGraceMs + PROOF_MS;
  }

  /** @param wanted absent: the cloud-flow run is being ended, which adds nothing to what was asked of this run before. */
  *stop(reason: StopReason, wanted?: StopMode): Steps {
    const mode = wanted ?? 'ask';
    if (!isStronger(mode, this.mode) || (wanted === undefined && this.mode)) return;
    this.stopping = reason;
    this.mode = mode;
    if (mode !== 'checkpoint') this.endsSinceMs ??= this.run.inbox.nowMs;
    this.run.enter('Stopping', words[mode], {
      reason: reason.kind === 'notSent' ? reason.error.code : reason.kind,
      ...(reason.kind === 'cancelled' && reason.by ? { actor: reason.by } : {}),
    });
    yield* callThroughOutages(this.run, 'send-command', {
      command: {
        ...this.base(),
        kind: 'stop',
        reason: reason.kind === 'notSent' ? 'cancelled' : reason.kind,
        ...(mode === 'ask' ? {} : { mode }),
        graceMs: mode === 'kill' ? 0 : this.target.stopGraceMs,
      },
    });
    // The agent thaws what it stops.
    this.show(false, {});
  }

  /** The run timeout goes on meanwhile: it counts the time on the clock (row I1). */
  *freeze(what: 'pause' | 'resume', by: string | undefined): Steps {
    if (this.stopping) return;
    this.order += 1;
    this.askedBy = by;
    this.run.note(`asked to ${what}`, by ? { actor: by } : {});
    yield* callThroughOutages(this.run, 'send-command', {
      command: { ...this.base(), kind: what, order: this.order },
    });
  }

  /** What the agent says along the way. */
  hear(message: AgentMessage): void {
    if (this.stopping) return;
    const { event } = message;
    if (event === 'started') this.run.enter('Running', event);
    if (event === 'notPaused') this.run.note('cannot be paused', { reason: message.body.reason });
    if (event !== 'paused' && event !== 'resumed') return;
    const paused = event === 'paused';
    if (paused === this.paused) return;
    const by = message.body.by ?? this.askedBy;
    this.run.enter(paused ? 'Paused' : 'Running', event, by ? { actor: by } : {});
    this.show(paused, { by, since: message.time });
  }

  /** In the run's status, and in the queue, where others wait for it. */
  private show(paused: boolean, { by, since }: { by?: string | undefined; since?: string }): void {
    if (paused === this.paused) return;
    this.paused = paused;
    this.run.show({ paused: paused && since ? { since, by } : undefined });
    const { queue, grant } = this.turn;
    signalQueue(this.run, queue, { kind: 'paused', grant, paused, by });
  }

  private base(): { v: 1; run: string; machine: string; fence: GrantRef['fence'] } {
    const { machine, fence } = this.turn.grant;
    return { v: 1, run: this.run.id, machine, fence };
  }
}

const words: Record<StopMode, string> = {
  checkpoint: 'asked to stop at a checkpoint',
  ask: 'asked to stop',
  kill: 'killed',
};
