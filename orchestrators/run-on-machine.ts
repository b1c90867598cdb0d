import type { Task } from 'durable-functions';
import type { DesktopRunResult } from '../contracts/runs';
import type { GrantOffer, GrantRef } from '../domain/run-queue/messages';
import { sameFence } from '../domain/runs/grants';
import { failed, judgeDone, judgeNever, judgeSilence, takenAway } from '../domain/runs/judgements';
import type { StopReason } from '../domain/runs/judgements';
import type { AgentMessage } from '../domain/runs/inbox-messages';
import { sessionPlan } from '../domain/sessions/session-plan';
import { callThroughOutages } from './call-activity';
import type { DesktopRun } from './desktop-run';
import { releaseForeignGrant } from './release-grant';
import type { ResolvedDesktopFlow } from './resolve-desktop-flow.activity';

export interface EndOnMachine {
  result: DesktopRunResult;
  /** The machine is free: by the agent's `done`, which frees it by itself, or by hand. */
  free: boolean;
}

/**
 * Says `go` and follows the run to its end. From here it ends only by the agent's report, by the agent's proof that it never
 * started, or by three hours' silence (rows H3, L4). A cancel or the run timeout asks the agent to stop and waits for that proof
 * (rows A7, I1).
 */
export function* runOnMachine(
  run: DesktopRun,
  target: ResolvedDesktopFlow,
  grant: GrantOffer,
): Generator<Task, EndOnMachine, unknown> {
  const { action } = run.input;
  run.note('told to go', { reason: grant.machine });
  const problem = yield* callThroughOutages(run, 'send-command', {
    command: {
      v: 1,
      kind: 'go',
      run: run.id,
      machine: grant.machine,
      fence: grant.fence,
      userKey: target.userKey,
      user: target.user,
      mode: action.mode,
      desktopFlow: target.desktopFlow,
      inputs: action.inputs,
      ...(grant.terms ? { sessionPlan: sessionPlan(action, grant.terms) } : {}),
    },
    credential: target.credential,
  });
  const timeoutMs = run.inbox.nowMs + target.runTimeoutMs;
  let stopping: StopReason | undefined;
  let order = 0;
  if (problem) {
    // An earlier try of the activity may have sent it all the same: the agent has to prove that nothing runs.
    stopping = { kind: 'notSent', error: problem };
    yield* stop(stopping);
  }
  for (;;) {
    const message = yield* run.inbox.next(stopping ? undefined : timeoutMs);
    switch (message?.kind) {
      case undefined:
        stopping = { kind: 'timedOut' };
        yield* stop(stopping);
        break;
      case 'cancel':
        if (stopping) break;
        stopping = { kind: 'cancelled', by: message.by };
        yield* stop(stopping);
        break;
      case 'granted':
        if (run.isNewGrant(message.grant)) releaseForeignGrant(run, message);
        break;
      case 'silent':
        if (isThis(message.grant)) return held(judgeSilence(message.sinceMs, stopping));
        break;
      case 'takenAway':
        if (isThis(message.grant)) return { result: failed(takenAway()), free: true };
        break;
      case 'agent': {
        if (!run.isCurrent(message, grant)) break;
        if (message.event === 'done') return { result: judgeDone(message.body, stopping), free: true };
        if (message.event === 'never') return held(judgeNever(message.body.reason, stopping));
        if (message.seq > order && !stopping) show(run, message);
        order = Math.max(order, message.seq);
        break;
      }
      case 'redraw':
      case 'moved':
      case 'childEnding':
        break;
    }
  }

  function isThis(other: GrantRef): boolean {
    return other.machine === grant.machine && sameFence(other.fence, grant.fence);
  }

  function* stop(reason: StopReason): Generator<Task, void, unknown> {
    run.enter('Stopping', 'asked to stop', {
      reason: reason.kind === 'notSent' ? reason.error.code : reason.kind,
      ...(reason.kind === 'cancelled' && reason.by ? { actor: reason.by } : {}),
    });
    yield* callThroughOutages(run, 'send-command', {
      command: {
        v: 1,
        kind: 'stop',
        run: run.id,
        machine: grant.machine,
        fence: grant.fence,
        reason: reason.kind === 'notSent' ? 'cancelled' : reason.kind,
        graceMs: target.stopGraceMs,
      },
    });
  }
}

function held(result: DesktopRunResult): EndOnMachine {
  return { result, free: false };
}

/** What the agent says along the way; events that overtook each other are told by their number. */
function show(run: DesktopRun, message: AgentMessage): void {
  if (message.event === 'started' || message.event === 'resumed') run.enter('Running', message.event);
  else if (message.event === 'paused') run.enter('Paused', 'paused');
}
