import type { InvocationContext, Timer } from '@azure/functions';
import type { Instances } from '../../adapters/instances';
import type { Ports } from '../../adapters/ports';
import type { DueRow } from '../../adapters/trigger-ports';
import { groupBy } from '../../domain/group-by';
import { startOccurrence } from './start-occurrence';

const PAGE = 100;

/**
 * Starts the runs of schedules that are due (row A2). Each pass reads what is due and nothing else. Two passes at the same time, or one
 * that a crash broke off, start nothing twice and leave nothing out: occurrences are claimed.
 */
export function startDueRuns(
  ports: Ports,
  instancesOf: (context: InvocationContext) => Instances,
): (timer: Timer, context: InvocationContext) => Promise<void> {
  return async (_timer, context) => {
    const shards = Array.from({ length: ports.schedules.shards }, (_, shard) => shard);
    await Promise.all(shards.map((shard) => passOver(shard, context)));
  };

  async function passOver(shard: number, context: InvocationContext): Promise<void> {
    const instances = instancesOf(context);
    const nowMs = ports.now();
    /** Occurrences that wait, by flow. */
    const ahead = new Map<string, number>();
    let after: DueRow | undefined;
    do {
      const rows = await ports.schedules.due({ shard, nowMs, top: PAGE, after });
      const flows = groupBy(rows, ({ flow }) => flow);
      await Promise.all([...flows.values()].map((ofFlow) => inTurn(ofFlow, ahead, { instances, context })));
      // What was seen to may have put its next occurrence behind it, due as well.
      after = rows.at(-1);
    } while (after);
  }

  /** Occurrences of one flow, one after the other. */
  async function inTurn(
    rows: DueRow[],
    ahead: Map<string, number>,
    { instances, context }: { instances: Instances; context: InvocationContext },
  ): Promise<void> {
    for (const row of rows) {
      const before = ahead.get(row.flow) ?? 0;
      try {
        // While the first of them waits, so do the others.
        const waits =
          (row.waiting && before > 0) || (await startOccurrence(ports, instances, { row, ahead: before }));
        if (waits) ahead.set(row.flow, before + 1);
      } catch (cause) {
        context.warn(`The schedule of ${row.flow} could not be seen to: ${String(cause)}`);
        // Replaced by what becomes of it in the end.
        const entry = { flow: row.flow, atMs: row.dueMs, id: row.schedule, trigger: 'Recurrence' };
        const failed = { ...entry, outcome: 'failed', reason: 'Unavailable' } as const;
        await ports.triggerHistory.record(failed).catch(() => undefined);
        return;
      }
    }
  }
}
