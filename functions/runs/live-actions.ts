import { cloudRunStatus, type ActionStatus } from '../../contracts/runs';
import type { Orchestrations } from '../http';
import { instanceStatus } from '../instances';
import type { FoundRun } from './find-run';

/** Parts that are asked for one view; a wide loop has more, whose rounds are then not counted. */
const MOST_PARTS = 60;

/**
 * The actions of a run with those that other orchestrations walk for it now: parts of a long flow, insides of large scopes, loops
 * (whose rounds are counted) and tries.
 */
export async function liveActions(
  client: Orchestrations,
  found: FoundRun,
): Promise<Record<string, ActionStatus>> {
  const actions: Record<string, ActionStatus> = {};
  merge(actions, found.status.actions);
  const left = partsOf(found.instance?.customStatus);
  if (found.instance?.runtimeStatus !== 'Running') return actions;
  for (let asked = 0; left.length > 0 && asked < MOST_PARTS;) {
    const batch = left.splice(0, MOST_PARTS - asked);
    asked += batch.length;
    for (const part of await Promise.all(
      batch.map((id) => instanceStatus(client, id, { showInput: false })),
    )) {
      const status = cloudRunStatus.safeParse(part?.customStatus);
      if (!status.success || part?.runtimeStatus !== 'Running') continue;
      merge(actions, status.data.actions);
      left.push(...(status.data.parts ?? []));
    }
  }
  return actions;
}

function partsOf(customStatus: unknown): string[] {
  const status = cloudRunStatus.safeParse(customStatus);
  return status.success ? (status.data.parts ?? []) : [];
}

/** Rounds are counted together; a status that says more than one before replaces it. */
function merge(actions: Record<string, ActionStatus>, more: Readonly<Record<string, ActionStatus>>): void {
  for (const [name, status] of Object.entries(more)) {
    const known = actions[name];
    const [one, two] = [known?.iterations, status.iterations];
    actions[name] = {
      ...known,
      ...status,
      ...(one && two
        ? {
            iterations: {
              total: Math.max(one.total, two.total),
              running: one.running + two.running,
              succeeded: one.succeeded + two.succeeded,
              failed: one.failed + two.failed,
              cancelled: one.cancelled + two.cancelled,
            },
          }
        : {}),
    };
  }
}
