import type { Task } from 'durable-functions';
import type { ErrorInfo } from '../contracts/errors';
import type { DesktopRunResult } from '../contracts/runs';
import type { GrantRef, QueueReply } from '../domain/run-queue/messages';
import { cancelled, failed, judgeRefusal, noCandidateMachine } from '../domain/runs/judgements';
import type { DesktopRun } from './desktop-run';
import { releaseForeignGrant, releaseGrant } from './release-grant';
import type { ResolvedDesktopFlow } from './resolve-desktop-flow.activity';

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
  if (run.inbox.nowMs >= deadlineMs) return giveUp(notAccepted());
  const offerUntilMs = Math.min(run.inbox.nowMs + target.acceptWithinMs, deadlineMs);
  run.enter('Starting', 'offered to machine', { reason: grant.machine });
  run.show({ machine: grant.machine });
  const answer = yield* waitForAnswer(run, grant, offerUntilMs);
  const late = run.inbox.nowMs >= deadlineMs;
  switch (answer.kind) {
    case 'accepted':
      return late ? giveUp(notAccepted()) : answer;
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

type Answer =
  | { kind: 'accepted' }
  | { kind: 'refused'; error: ErrorInfo }
  | { kind: 'cancelled'; by: string | undefined }
  | { kind: 'takenAway' }
  | { kind: 'silence' };

function* waitForAnswer(run: DesktopRun, grant: GrantRef, untilMs: number): Generator<Task, Answer, unknown> {
  for (;;) {
    const message = yield* run.inbox.next(untilMs);
    switch (message?.kind) {
      case undefined:
        return { kind: 'silence' };
      case 'cancel':
        return { kind: 'cancelled', by: message.by };
      case 'granted':
        if (run.isNewGrant(message.grant)) releaseForeignGrant(run, message);
        break;
      case 'takenAway':
        if (message.grant.fence.n === grant.fence.n && message.grant.machine === grant.machine)
          return message;
        break;
      case 'agent':
        if (!run.isCurrent(message, grant)) break;
        if (message.event === 'accepted') return { kind: 'accepted' };
        if (message.event === 'refused') return { kind: 'refused', error: message.body.error };
        // Its journal says that this fence will not start (it restarted, or was told to stop): as good as a refusal.
        if (message.event === 'never') return { kind: 'silence' };
        break;
      // Should nobody accept, the run is back in the queue, where it is told again.
      case 'redraw':
      case 'moved':
      case 'silent':
      case 'childEnding':
      // Nothing of it executes yet; the API has refused it too.
      case 'pause':
      case 'resume':
        break;
    }
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
