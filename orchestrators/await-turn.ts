import type { Task } from 'durable-functions';
import { errorInfo } from '../contracts/errors';
import type { DesktopRunResult } from '../contracts/runs';
import type { GrantOffer, QueueReply } from '../domain/run-queue/messages';
import { DELETED } from '../domain/run-queue/moves';
import type { AgentMessage, InboxMessage } from '../domain/runs/inbox-messages';
import { cancelled, executedBefore, failed, noCandidateMachine } from '../domain/runs/judgements';
import { callActivity } from './call-activity';
import type { DesktopRun } from './desktop-run';
import { releaseForeignGrant, releaseGrant } from './release-grant';
import type { ResolvedDesktopFlow } from './resolve-desktop-flow.activity';
import type { RunPlace } from './resolve-target.activity';

/** A run's place in line: which queue, and what that queue answered last. */
export interface Place {
  queue: string;
  /** Absent: not requested yet. */
  reply?: QueueReply | undefined;
}

export type Turn =
  | { kind: 'granted'; queue: string; grant: GrantOffer }
  /** Left the queue: timed out, cancelled or refused. */
  | { kind: 'over'; result: DesktopRunResult };

/**
 * Stands in the queue until a machine is granted, the queue deadline comes or the run is cancelled (rows F1–F9). The deadline is one
 * instant, whatever the run goes through (row F7).
 */
export function* awaitTurn(
  run: DesktopRun,
  target: ResolvedDesktopFlow,
  place: Place,
): Generator<Task, Turn, unknown> {
  let entry = run.entry(target);
  let { queue } = place;
  let reply = place.reply ?? (yield* request(false));
  for (;;) {
    switch (reply.kind) {
      case 'granted':
        return { kind: 'granted', queue, grant: reply.grant };
      case 'queued': {
        const news = yield* waitInQueue(run, queue, entry.deadlineMs, reply.retryAtMs);
        if (news.kind === 'retry') reply = yield* request(true);
        else if (news.kind === 'granted') reply = news;
        else if (news.kind === 'moved') reply = news;
        else if (news.kind === 'redraw') {
          const drawn = yield* drawAgain(run, queue);
          if (drawn.kind !== 'place') return drawn.kind === 'over' ? drawn : { ...drawn, queue };
          ({ queue } = drawn.place);
          entry = run.entry(target);
          reply = yield* request(true);
        } else return yield* leave(run, queue, news);
        break;
      }
      case 'moved':
        if (reply.target === DELETED) {
          const details = 'The machine was deleted while the run waited for it.';
          return over(failed(errorInfo('EndpointDoNotExist', { details })));
        }
        queue = reply.target;
        run.note('moved with its machine', { reason: queue });
        run.show({ queue });
        reply = yield* request(true);
        break;
      // Rule 6: the grant that was to be returned is gone; stand in line again with the old deadline.
      case 'stale':
        reply = yield* request(true);
        break;
      case 'full':
        return over(failed(errorInfo('QueueFull', { detail: `It holds ${reply.limit} runs.` })));
      case 'expired':
        return over(noCandidateMachine(reply.waitReason));
      case 'refused':
        return over(failed(refusedRequest(reply)));
      default:
        return over(
          failed(errorInfo('Internal', { details: `The queue answered ${reply.kind} to a request.` })),
        );
    }
  }

  function request(again: boolean): Generator<Task, QueueReply, unknown> {
    return run.callQueue(queue, { kind: 'request', entry, again });
  }
}

type News =
  | { kind: 'granted'; grant: GrantOffer }
  | { kind: 'moved'; target: string; move: number }
  | { kind: 'redraw' }
  | { kind: 'cancelled'; message: CancelMessage }
  | { kind: 'deadline' }
  /** It has been executed, under a grant that the run has forgotten. */
  | { kind: 'executed'; message: Extract<AgentMessage, { event: 'done' }> }
  | { kind: 'retry' };

type CancelMessage = Extract<InboxMessage, { kind: 'cancel' }>;

function* waitInQueue(
  run: DesktopRun,
  queue: string,
  deadlineMs: number,
  retryAtMs = deadlineMs,
): Generator<Task, News, unknown> {
  const untilMs = Math.min(deadlineMs, retryAtMs);
  for (;;) {
    const message = yield* run.inbox.next(untilMs);
    switch (message?.kind) {
      case undefined:
        return { kind: untilMs < deadlineMs ? 'retry' : 'deadline' };
      case 'cancel':
        return { kind: 'cancelled', message };
      case 'granted':
        if (!run.isNewGrant(message.grant)) break;
        if (message.queue === queue) return { kind: 'granted', grant: message.grant };
        releaseForeignGrant(run, message);
        break;
      case 'moved':
        if (message.queue === queue) return { kind: 'moved', target: message.target, move: message.move };
        break;
      case 'redraw':
        if (message.queue === queue) return { kind: 'redraw' };
        break;
      case 'agent':
        if (message.event === 'done') return { kind: 'executed', message };
        run.keepEarly(message);
        break;
      case 'silent':
      case 'takenAway':
      case 'childEnding':
      // Nothing of it executes yet; the API has refused it too.
      case 'pause':
      case 'resume':
        break;
    }
  }
}

/** Row B6: leaves the queue of the drawn gateway for that of another member, with the old request time and deadline. */
function* drawAgain(
  run: DesktopRun,
  queue: string,
): Generator<
  Task,
  | Extract<Turn, { kind: 'over' }>
  | { kind: 'place'; place: RunPlace }
  | { kind: 'granted'; grant: GrantOffer },
  unknown
> {
  const left = yield* run.callQueue(queue, { kind: 'withdraw', run: run.id });
  // The gateway came back in this moment.
  if (left.kind === 'granted') return left;
  run.redraws += 1;
  const { connection, mode, whenSessionBlocked } = run.input.action;
  const draw = { run: run.id, attempt: run.redraws, mode, whenSessionBlocked };
  const found = yield* callActivity(run, 'resolve-target', { connection, ...draw });
  if (!found.ok) return { kind: 'over', result: failed(found.error) };
  run.redrawn = found.place;
  run.note('another gateway drawn', { reason: found.place.queue });
  run.show({ queue: found.place.queue });
  return { kind: 'place', place: found.place };
}

/** Leaves the queue. A grant that was faster is a turn like any other: whoever offers it sees the deadline, or the cancel (rule 1). */
function* leave(
  run: DesktopRun,
  queue: string,
  why: Extract<News, { kind: 'deadline' | 'cancelled' | 'executed' }>,
): Generator<Task, Turn, unknown> {
  const reply = yield* run.callQueue(queue, { kind: 'withdraw', run: run.id });
  if (why.kind === 'executed') {
    if (reply.kind === 'granted') releaseGrant(run, { queue, grant: reply.grant }, 'unused');
    return over(executedBefore(why.message));
  }
  if (reply.kind === 'granted') {
    if (why.kind === 'cancelled') run.inbox.putBack([why.message]);
    return { kind: 'granted', queue, grant: reply.grant };
  }
  if (why.kind === 'cancelled') return over(cancelled(why.message.by));
  return over(noCandidateMachine(reply.kind === 'removed' ? reply.waitReason : undefined));
}

function refusedRequest(reply: Extract<QueueReply, { kind: 'refused' }>): ReturnType<typeof errorInfo> {
  if (reply.code === 'GroupIsEmpty') return errorInfo('GroupIsEmpty');
  return errorInfo('Internal', { subCode: reply.code, details: reply.detail });
}

function over(result: DesktopRunResult): Turn {
  return { kind: 'over', result };
}
