import type { Task } from 'durable-functions';
import type { ErrorInfo } from '../contracts/errors';
import type { DesktopRunResult } from '../contracts/runs';
import type { GrantRef, QueueReply } from '../domain/run-queue/messages';
import type { InboxMessage } from '../domain/runs/inbox-messages';
import {
  cancelled,
  executedBefore,
  failed,
  judgeRefusal,
  noCandidateMachine,
} from '../domain/runs/judgements';
import { callThroughOutages } from './call-activity';
import type { DesktopRun } from './desktop-run';
import { releaseForeignGrant, releaseGrant } from './release-grant';
import type { ResolvedDesktopFlow } from './resolve-desktop-flow.activity';
import { isOfVersion } from './versions';

/** After so many returns the run leaves the queue between its tries, for longer each time: its history has an end. */
const QUICK_RETURNS = 5;
const FIRST_PAUSE_MS = 60_000;

export type OfferAnswer =
  | { kind: 'accepted' }
  /** Back in line; `reply` is what the queue said. */
  | { kind: 'returned'; reply: QueueReply }
  | { kind: 'over'; result: DesktopRunResult };

/**
 * The run is offered to the machine that was granted (row L4); the queue's courier has sent the offer. Nothing starts before `go`, so
 * until then the run may still go back to its old place (row H2). Rule 1: the queue deadline stays armed.
 */
export function* offerToMachine(
  run: DesktopRun,
  target: ResolvedDesktopFlow,
  { queue, grant }: { queue: string; grant: GrantRef },
): Generator<Task, OfferAnswer, unknown> {
  const { deadlineMs } = run.entry(target);
  const offerUntilMs = Math.min(run.inbox.nowMs + target.acceptWithinMs, deadlineMs);
  run.enter('Starting', 'offered to machine', { reason: grant.machine });
  run.show({ machine: grant.machine });
  const { message, answer } = yield* waitForAnswer(run, grant, offerUntilMs);
  const late = run.inbox.nowMs >= deadlineMs;
  if (answer.kind === 'started' || (answer.kind === 'accepted' && !late)) {
    if (answer.kind === 'started' && message) run.inbox.putBack([message]);
    return { kind: 'accepted' };
  }
  if (answer.kind === 'executed') return giveUp(answer.result);
  if (yield* wasToldToGo(run, grant)) {
    if (message) run.inbox.putBack([message]);
    return { kind: 'accepted' };
  }
  switch (answer.kind) {
    case 'accepted':
      return giveUp(notAccepted());
    case 'cancelled':
      return giveUp(cancelled(answer.by));
    case 'refused':
      run.note('refused by machine', { reason: answer.error.code });
      if (judgeRefusal(answer.error, target.whenSessionBlocked) === 'fail')
        return giveUp(failed(answer.error));
      return yield* giveBack(answer.error.code);
    case 'silence':
      if (late) return giveUp(notAccepted());
      run.note('not accepted in time', { reason: grant.machine });
      return yield* giveBack('notAccepted');
    case 'takenAway':
      run.enter('Queued', 'taken away from machine', { reason: grant.machine });
      return { kind: 'returned', reply: { kind: 'stale' } };
  }

  function notAccepted(): DesktopRunResult {
    return noCandidateMachine({ why: 'notAccepted', machine: grant.machine });
  }

  function giveUp(result: DesktopRunResult): OfferAnswer {
    releaseGrant(run, { queue, grant }, result.state);
    return { kind: 'over', result };
  }

  function* giveBack(reason: string): Generator<Task, OfferAnswer, unknown> {
    run.returns += 1;
    run.enter('Queued', 'returned to queue', { reason });
    if (run.returns <= QUICK_RETURNS) {
      return { kind: 'returned', reply: yield* run.callQueue(queue, { kind: 'return', grant, reason }) };
    }
    releaseGrant(run, { queue, grant }, reason);
    const pauseMs = FIRST_PAUSE_MS * 2 ** (run.returns - QUICK_RETURNS);
    const untilMs = Math.min(run.inbox.nowMs + pauseMs, deadlineMs);
    const by = yield* waitOutPause(run, untilMs);
    if (by) return { kind: 'over', result: cancelled(by.by) };
    if (untilMs < deadlineMs) return { kind: 'returned', reply: { kind: 'stale' } };
    return { kind: 'over', result: notAccepted() };
  }
}

/**
 * Whether an episode that the host has forgotten told the machine to go (docs/adr/0010-the-word-about-a-grant.md). If not, nobody will any more. A table
 * that cannot be asked counts as yes: then the agent has to prove that nothing runs.
 */
function* wasToldToGo(run: DesktopRun, grant: GrantRef): Generator<Task, boolean, unknown> {
  if (!isOfVersion(run.df, 2)) return false;
  const { machine, fence } = grant;
  const answer = yield* callThroughOutages(run, 'give-back', { grant: { run: run.id, machine, fence } });
  return answer !== 'givenBack';
}

type Answer =
  | { kind: 'accepted' }
  /** It says that it executes the run, or did: it has been told to go. */
  | { kind: 'started' }
  | { kind: 'refused'; error: ErrorInfo }
  | { kind: 'cancelled'; by: string | undefined }
  | { kind: 'takenAway' }
  /** It has been, under a grant that the run has forgotten. */
  | { kind: 'executed'; result: DesktopRunResult }
  | { kind: 'silence' };

function* waitForAnswer(
  run: DesktopRun,
  grant: GrantRef,
  untilMs: number,
): Generator<Task, { message?: InboxMessage; answer: Answer }, unknown> {
  for (;;) {
    const message = yield* run.inbox.next(untilMs);
    const answer = answerIn(run, grant, message);
    if (answer) return { answer, ...(message ? { message } : {}) };
  }
}

function answerIn(run: DesktopRun, grant: GrantRef, message: InboxMessage | undefined): Answer | undefined {
  switch (message?.kind) {
    case undefined:
      return { kind: 'silence' };
    case 'cancel':
      return { kind: 'cancelled', by: message.by };
    case 'granted':
      if (run.isNewGrant(message.grant)) releaseForeignGrant(run, message);
      return undefined;
    case 'takenAway': {
      const ours = message.grant.fence.n === grant.fence.n && message.grant.machine === grant.machine;
      return ours ? { kind: 'takenAway' } : undefined;
    }
    case 'agent':
      if (!run.isCurrent(message, grant)) {
        return message.event === 'done' ? { kind: 'executed', result: executedBefore(message) } : undefined;
      }
      if (message.event === 'accepted') return { kind: 'accepted' };
      if (message.event === 'started' || message.event === 'done') return { kind: 'started' };
      if (message.event === 'refused') return { kind: 'refused', error: message.body.error };
      // Its journal says that this fence will not start (it restarted, or was told to stop): as good as a refusal.
      return message.event === 'never' ? { kind: 'silence' } : undefined;
    // Should nobody accept, the run is back in the queue, where it is told again.
    case 'redraw':
    case 'moved':
    case 'silent':
    case 'childEnding':
    // Nothing of it executes yet; the API has refused it too.
    case 'pause':
    case 'resume':
      return undefined;
  }
}

/** @returns who cancelled the run meanwhile, if anybody did. */
function* waitOutPause(
  run: DesktopRun,
  untilMs: number,
): Generator<Task, { by: string | undefined } | undefined, unknown> {
  for (;;) {
    const message = yield* run.inbox.next(untilMs);
    if (message === undefined) return undefined;
    if (message.kind === 'cancel') return { by: message.by };
    if (message.kind === 'granted' && run.isNewGrant(message.grant)) releaseForeignGrant(run, message);
  }
}
