import type { DurableOrchestrationContext, Task } from 'durable-functions';
import type { DesktopRunResult, DesktopRunState, DesktopRunStatus } from '../contracts/runs';
import type { GrantRef, QueueReply, RequestedRun } from '../domain/run-queue/messages';
import { grantKey, speaksFor } from '../domain/runs/grants';
import type { AgentMessage, InboxMessage } from '../domain/runs/inbox-messages';
import { shortError } from '../domain/runs/judgements';
import type { DesktopFlowRunInput } from '../domain/runs/run-inputs';
import { withEntry } from '../domain/runs/timeline';
import { callQueue } from './call-queue';
import type { QueueOrder } from './call-queue';
import { Inbox } from './inbox';
import type { ResolvedDesktopFlow } from './resolve-desktop-flow.activity';
import type { RunPlace } from './resolve-target.activity';

/** One desktop-flow run while it goes on: what it remembers, and what it shows in its custom status. */
export class DesktopRun {
  readonly inbox: Inbox<InboxMessage>;
  readonly id: string;
  readonly input: DesktopFlowRunInput;
  readonly requestedMs: number;
  /** How often a machine gave the run back. */
  returns = 0;
  /** Row B6: how often another member of the cluster was drawn, and the place that it led to. */
  redraws = 0;
  redrawn: RunPlace | undefined;
  private readonly grantsSeen = new Set<string>();
  /** What agents said about grants that the run has not been told of. */
  private early: AgentMessage[] = [];
  private staleMessages = 0;
  private status: DesktopRunStatus = { state: 'Queued', timeline: [] };

  constructor(readonly df: DurableOrchestrationContext) {
    this.inbox = new Inbox(df);
    this.id = df.instanceId;
    this.input = df.getInput<DesktopFlowRunInput>();
    this.requestedMs = this.inbox.nowMs;
  }

  /** Shows a new state and adds to the run's story (row F10). */
  enter(state: DesktopRunState, what: string, extra: { actor?: string; reason?: string } = {}): void {
    this.status = { ...this.status, state };
    this.note(what, extra);
  }

  note(what: string, extra: { actor?: string; reason?: string } = {}): void {
    const entry = { at: new Date(this.inbox.nowMs).toISOString(), what, ...extra };
    this.show({ timeline: withEntry(this.status.timeline, entry) });
  }

  show(part: Partial<DesktopRunStatus>): void {
    this.status = { ...this.status, ...part };
    this.df.setCustomStatus(this.status);
  }

  showEnd({ state, error }: DesktopRunResult): void {
    const stale = this.staleMessages + this.early.length;
    if (stale > 0) this.note('stale messages dropped', { reason: String(stale) });
    this.enter(state, state, error ? { reason: error.message } : {});
    if (error) this.show({ error: shortError(error) });
  }

  /** Sends one command to a queue; a grant in its answer counts as told. */
  *callQueue(queue: string, order: QueueOrder): Generator<Task, QueueReply, unknown> {
    const reply = yield* callQueue(this, queue, order);
    if (reply.kind === 'granted') this.isNewGrant(reply.grant);
    return reply;
  }

  /** True the first time that this grant is told. */
  isNewGrant(grant: GrantRef): boolean {
    const key = grantKey(grant);
    if (this.grantsSeen.has(key)) return false;
    this.grantsSeen.add(key);
    this.inbox.putBack(this.early.filter((message) => speaksFor(message, grant)));
    this.early = this.early.filter((message) => !speaksFor(message, grant));
    return true;
  }

  /** The answer to an offer may overtake the word of its grant; it is heard when that has come. */
  keepEarly(message: AgentMessage): void {
    this.early.push(message);
  }

  /** Whether an agent's message is about the grant that counts; others are late or foreign: dropped and counted. */
  isCurrent(message: AgentMessage, grant: GrantRef): boolean {
    if (speaksFor(message, grant)) return true;
    this.staleMessages += 1;
    return false;
  }

  /** What the queue needs to know of this run; the same at every request, so that it keeps its place and its deadline. */
  entry(target: ResolvedDesktopFlow): RequestedRun {
    return {
      run: this.id,
      owner: this.id,
      requestedMs: this.requestedMs,
      deadlineMs: this.requestedMs + target.queueTimeoutMs,
      priority: this.input.action.priority,
      mode: this.input.action.mode,
      userKey: target.userKey,
      pinned: (this.redrawn ?? target).pinned,
      whenSessionBlocked: target.whenSessionBlocked,
      flow: target.desktopFlow.name,
      runner: target.runner,
      requestedBy: this.input.startedBy,
    };
  }
}
