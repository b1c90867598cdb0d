import type { InvocationContext, Timer } from '@azure/functions';
import type { Instances } from '../../adapters/instances';
import type { Ports, RunRow } from '../../adapters/ports';
import { purgeRun } from './purge-run';

const DAY_MS = 86_400_000;

/** What one pass looks at: old runs, ended orchestrations, events, entries of the audit log. */
const RUNS_A_PASS = 300;
const INSTANCES_A_PASS = 300;
const EVENTS_A_PASS = 1_000;
const AUDIT_A_PASS = 1_000;
/** Removed at the same time. */
const AT_ONCE = 10;

type Kept = Pick<
  Ports,
  | 'runs'
  | 'blobs'
  | 'runLogs'
  | 'actions'
  | 'feed'
  | 'grants'
  | 'events'
  | 'subscriptions'
  | 'audit'
  | 'settings'
  | 'now'
>;

/** Ids of runs and of what belongs to one begin with a ULID. */
const ofRun = /^([0-9A-HJKMNP-TV-Z]{26})([.-]|$)/;

/**
 * Every minute: removes ended runs that are past their days, outgoing events, entries of the audit log, and orchestrations that belong to no run. A pass has its share of work, and
 * the next goes on from there; where it stands is forgotten with the process, and the round begins anew.
 */
export function purgeHistory(
  ports: Kept,
  instancesOf: (context: InvocationContext) => Pick<Instances, 'list' | 'purge'>,
): (timer: Timer, context: InvocationContext) => Promise<void> {
  const nextRuns: Partial<Record<'cloud' | 'alone', string | undefined>> = {};
  let nextInstances: string | undefined;

  return async (_timer, context) => {
    const instances = instancesOf(context);
    const beforeMs = ports.now() - ports.settings.historyDays * DAY_MS;
    const jobs = [
      () => purgeRuns('cloud', instances, beforeMs, context),
      () => purgeRuns('alone', instances, beforeMs, context),
      () => purgeOthers(instances, beforeMs),
      () => ports.events.purge(beforeMs, EVENTS_A_PASS),
      () => ports.subscriptions.purgeRemoved(EVENTS_A_PASS),
      () => ports.audit.purge(ports.now() - ports.settings.auditDays * DAY_MS, AUDIT_A_PASS),
    ];
    for (const job of jobs) {
      await job().catch((cause: unknown) => {
        context.warn(`What is past its days could not all be removed: ${String(cause)}`);
      });
    }
  };

  /** Those of cloud flows with their desktop-flow runs, and those that were started at machines. */
  async function purgeRuns(
    which: 'cloud' | 'alone',
    instances: Pick<Instances, 'list' | 'purge'>,
    beforeMs: number,
    context: InvocationContext,
  ): Promise<void> {
    const page = await ports.runs.list({
      toMs: beforeMs,
      top: RUNS_A_PASS,
      continuation: nextRuns[which],
      ...(which === 'alone' ? { alone: true } : {}),
    });
    const purge = async (row: RunRow): Promise<'gone' | 'kept' | 'more'> => {
      try {
        return await purgeRun(ports, instances, { row, beforeMs });
      } catch (cause) {
        context.warn(`The run ${row.run} could not be removed: ${String(cause)}`);
        return 'kept';
      }
    };
    const outcomes = await inTurns(page.rows, purge);
    if (!outcomes.includes('more')) nextRuns[which] = page.continuation;
  }

  /** Changes of queues, moves of machines, tests of connections; and what is left of a run whose row is gone. */
  async function purgeOthers(instances: Pick<Instances, 'list' | 'purge'>, beforeMs: number): Promise<void> {
    const page = await instances.list({
      endedCreatedUntilMs: beforeMs,
      top: INSTANCES_A_PASS,
      continuation: nextInstances,
    });
    await inTurns(page.instances, async ({ id, open, updatedMs }) => {
      const run = ofRun.exec(id)?.[1];
      if (open || updatedMs >= beforeMs || id.startsWith('@')) return;
      if (run !== undefined && (await ports.runs.get(run))) return;
      await instances.purge(id);
    });
    nextInstances = page.continuation;
  }
}

async function inTurns<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(act))));
  }
  return results;
}
