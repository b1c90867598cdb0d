import type { StoredFlow } from '../../adapters/flow-ports';
import type { Ports } from '../../adapters/ports';
import type { DueRow } from '../../adapters/trigger-ports';
import type { CloudFlowRunInput } from '../../domain/runs/run-inputs';
import { judgeOccurrence, nextDue, type Occurrence } from '../../domain/schedules/judge-occurrence';
import { claimRun, newRun, type RunStarter, startClaimed, type StandingClaim } from '../flows/start-flow-run';
import { scheduleOf } from './flow-schedule';

/** A row whose flow does not have it (yet) may belong to a definition that is being stored; an older one is left over (ms). */
const YOUNG_MS = 60_000;

type StartPorts = Pick<
  Ports,
  'sealer' | 'claims' | 'runs' | 'flows' | 'schedules' | 'triggerHistory' | 'settings' | 'now'
>;

/** What a claim holds for an occurrence that is not to be started; it has no run. */
interface Skipped {
  skipped: string;
}

/**
 * Sees to one row of the index. What is decided of an occurrence is claimed first, so that it holds whoever comes to it again; the row goes
 * when all is done and the next occurrence is in the index, so a crash anywhere leaves a row that is seen to again.
 * @param ahead how many occurrences of the flow before it wait for a run to end.
 * @returns whether this one waits too.
 */
export async function startOccurrence(
  ports: StartPorts,
  instances: RunStarter,
  { row, ahead }: { row: DueRow; ahead: number },
): Promise<boolean> {
  const flow = await ports.flows.get(row.flow);
  const schedule = flow && scheduleOf(flow);
  if (!schedule || schedule.id !== row.schedule) {
    if (ports.now() - row.writtenMs > YOUNG_MS) await ports.schedules.remove(row);
    return false;
  }
  const occurrence: Occurrence = {
    schedule,
    dueMs: row.dueMs,
    nowMs: ports.now(),
    waiting: row.waiting ?? false,
    disabled: flow.disabled !== undefined,
    lastRunIsOpen: schedule.trigger.overlap !== 'allow' && (await lastRunIsOpen(ports, instances, row.flow)),
    ahead,
    missedAfterMs: ports.settings.missedAfterMs,
  };
  const known = await ports.claims.find(row.flow, keyOf(row));
  const verdict = known ? undefined : judgeOccurrence(occurrence);
  if (verdict?.kind === 'wait') {
    await addNext(ports, row, occurrence);
    if (!row.waiting) await ports.schedules.wait(row);
    return true;
  }
  const standing = known
    ? { claim: known, first: false }
    : await decide(ports, flow, row, verdict?.kind === 'skip' ? verdict.reason : undefined);
  if (await carryOut(ports, instances, row, standing)) {
    // What was decided in time and left unfinished says nothing of the occurrences after it.
    const decided = known ? { ...occurrence, nowMs: row.dueMs } : occurrence;
    if (!row.waiting) await addNext(ports, row, decided);
    await ports.schedules.remove(row);
  }
  return false;
}

/** Claims the decision: a run to start, or none and why. @returns the decision that stands, perhaps that of another. */
function decide(
  ports: StartPorts,
  flow: StoredFlow,
  row: DueRow,
  skipped: string | undefined,
): Promise<StandingClaim> {
  const key = keyOf(row);
  if (skipped === undefined) {
    const start = newRun(ports, flow, { triggerBody: bodyOf(flow, row), startedBy: 'schedule' });
    return claimRun(ports, { key, bodyHash: '', start });
  }
  const start: Skipped = { skipped };
  return ports.claims.claim(row.flow, key, { run: '', bodyHash: '', claimedMs: ports.now(), start });
}

/** Does what the claim says. @returns false when its run has to be looked after once more. */
async function carryOut(
  ports: StartPorts,
  instances: RunStarter,
  row: DueRow,
  standing: StandingClaim,
): Promise<boolean> {
  const { run, start } = standing.claim;
  const entry = { flow: row.flow, atMs: row.dueMs, id: row.schedule, trigger: 'Recurrence' };
  if (run === '') {
    await ports.triggerHistory.record({ ...entry, outcome: 'skipped', reason: (start as Skipped).skipped });
    return true;
  }
  await ports.schedules.setLastRun((start as CloudFlowRunInput).flow, run);
  const started = await startClaimed(ports, instances, standing);
  if (started.state === 'pending') return false;
  await ports.triggerHistory.record({ ...entry, outcome: 'fired', run });
  return true;
}

async function addNext(ports: StartPorts, row: DueRow, occurrence: Occurrence): Promise<void> {
  const dueMs = nextDue(occurrence);
  if (dueMs === undefined) return;
  await ports.schedules.add({ flow: row.flow, schedule: row.schedule, dueMs, writtenMs: ports.now() });
}

async function lastRunIsOpen(ports: StartPorts, instances: RunStarter, flow: string): Promise<boolean> {
  const run = await ports.schedules.lastRun(flow);
  return run !== undefined && (await instances.stateOf(run)) === 'open';
}

function keyOf({ dueMs }: DueRow): string {
  return `schedule:${new Date(dueMs).toISOString()}`;
}

/** What the run of an occurrence finds in `triggerBody()`. */
function bodyOf(flow: StoredFlow, { dueMs }: DueRow): { scheduledTime: string; timeZone: string } {
  const timeZone = scheduleOf(flow)?.trigger.recurrence.timeZone ?? 'UTC';
  return { scheduledTime: new Date(dueMs).toISOString(), timeZone };
}
