import type { OrchestrationContext, Task } from 'durable-functions';
import type { DesktopRunResult } from '../contracts/runs';
import { failed } from '../domain/runs/judgements';
import { awaitTurn } from './await-turn';
import type { Place } from './await-turn';
import { callActivity, callThroughOutages } from './call-activity';
import { DesktopRun } from './desktop-run';
import { offerToMachine } from './offer-to-machine';
import { releaseGrant, releaseLateGrants } from './release-grant';
import type { ResolvedDesktopFlow } from './resolve-desktop-flow.activity';
import { runOnMachine } from './run-on-machine';

/**
 * How long a run that is started a second time after its end keeps its parent (ms): the parent's own answer, which has the outputs, is in a
 * queue of Azure Storage until then at the latest.
 */
const ANSWERED_MS = 15 * 60_000;

/**
 * One run of a desktop flow: find its target, stand in that target's queue, offer the run to the machine that is granted, say go,
 * follow it to the end, free the machine, record the outcome. The instance id is the run id.
 */
export function* desktopFlowRun(context: OrchestrationContext): Generator<Task, DesktopRunResult, unknown> {
  const run = new DesktopRun(context.df);
  try {
    const found = yield* callActivity(run, 'resolve-desktop-flow', {
      run: run.id,
      requestedMs: run.requestedMs,
      ...run.input,
    });
    if ('ended' in found) return yield* stayEnded(run, found.ended);
    const result = found.ok ? yield* execute(run, found.target) : failed(found.error);
    releaseLateGrants(run);
    run.showEnd(result);
    yield* callThroughOutages(run, 'record-run', {
      row: { run: run.id, state: result.state, endedMs: run.inbox.nowMs, error: result.error },
      ending: run.input.tell,
    });
    return result;
  } finally {
    run.inbox.close();
  }
}

/**
 * Azure Storage delivers a start again when a host is killed before it has recorded that it took it, minutes later and also when the run
 * has ended meanwhile; the instance then begins anew. It must not be executed anew.
 */
function* stayEnded(run: DesktopRun, ended: DesktopRunResult): Generator<Task, DesktopRunResult, unknown> {
  run.showEnd(ended);
  const answered = run.df.createTimer(new Date(run.inbox.nowMs + ANSWERED_MS));
  yield* run.inbox.during(answered);
  return ended;
}

function* execute(run: DesktopRun, target: ResolvedDesktopFlow): Generator<Task, DesktopRunResult, unknown> {
  run.show({ queue: target.queue });
  run.enter('Queued', 'queued', run.input.startedBy ? { actor: run.input.startedBy } : {});
  let place: Place = { queue: target.queue };
  for (;;) {
    const turn = yield* awaitTurn(run, target, place);
    if (turn.kind === 'over') return turn.result;

    const answer = yield* offerToMachine(run, target, turn);
    if (answer.kind === 'over') return answer.result;
    if (answer.kind === 'returned') {
      place = { queue: turn.queue, reply: answer.reply };
      continue;
    }

    const end = yield* runOnMachine(run, target, turn);
    if (end === 'givenBack') {
      run.enter('Queued', 'returned to queue', { reason: 'forgotten' });
      place = { queue: turn.queue, reply: { kind: 'stale' } };
      continue;
    }
    const { result, free } = end;
    if (!free) releaseGrant(run, turn, result.state);
    return { ...result, machine: turn.grant.machine };
  }
}
