import type { Task } from 'durable-functions';
import type { DesktopRunResult } from '../contracts/runs';
import type { GrantOffer, GrantRef } from '../domain/run-queue/messages';
import { sameFence } from '../domain/runs/grants';
import { failed, judgeDone, judgeNever, judgeSilence, takenAway } from '../domain/runs/judgements';
import { sessionPlan } from '../domain/sessions/session-plan';
import { callThroughOutages } from './call-activity';
import type { DesktopRun } from './desktop-run';
import { releaseForeignGrant } from './release-grant';
import { RunControl } from './run-control';
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
 * @returns `givenBack` when an episode that the host has forgotten gave the grant back: nothing was sent.
 */
export function* runOnMachine(
  run: DesktopRun,
  target: ResolvedDesktopFlow,
  turn: { queue: string; grant: GrantOffer },
): Generator<Task, EndOnMachine | 'givenBack', unknown> {
  const { action } = run.input;
  const { grant } = turn;
  const overGateway = (run.redrawn ?? target).gateway !== undefined;
  const control = new RunControl(run, target, turn);
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
      ...(run.input.console ? { origin: 'console' } : {}),
      ...(grant.terms ? { sessionPlan: sessionPlan({ mode: action.mode, overGateway }, grant.terms) } : {}),
    },
    credential: target.credential,
    ...(run.input.sealed ? { sealed: true } : {}),
  });
  if (problem === 'givenBack') return problem;
  const timeoutMs = run.inbox.nowMs + target.runTimeoutMs;
  let order = 0;
  if (problem) {
    // An earlier try of the activity may have sent it all the same: the agent has to prove that nothing runs.
    yield* control.stop({ kind: 'notSent', error: problem });
  }
  for (;;) {
    const { endsSinceMs } = control;
    const message = yield* run.inbox.next(endsSinceMs === undefined ? timeoutMs : control.proofUntilMs);
    switch (message?.kind) {
      case undefined:
        if (endsSinceMs !== undefined) return held(judgeSilence(endsSinceMs, control.stopping));
        yield* control.stop({ kind: 'timedOut' }, 'ask');
        break;
      case 'cancel':
        yield* control.stop({ kind: 'cancelled', by: message.by }, message.mode);
        break;
      case 'pause':
      case 'resume':
        yield* control.freeze(message.kind, message.by);
        break;
      case 'granted':
        if (run.isNewGrant(message.grant)) releaseForeignGrant(run, message);
        break;
      case 'silent':
        if (isThis(message.grant)) return held(judgeSilence(message.sinceMs, control.stopping));
        break;
      case 'takenAway':
        if (isThis(message.grant)) return { result: failed(takenAway()), free: true };
        break;
      case 'agent': {
        const current = run.isCurrent(message, grant);
        // Under whatever grant the machine says it: a run is executed once.
        if (message.event === 'done')
          return { result: judgeDone(message.body, control.stopping), free: current };
        if (!current) break;
        if (message.event === 'never') return held(judgeNever(message.body.reason, control.stopping));
        // Events that overtook each other are told by their number.
        if (message.seq > order) control.hear(message);
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
}

function held(result: DesktopRunResult): EndOnMachine {
  return { result, free: false };
}
