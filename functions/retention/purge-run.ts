import { runFolder } from '../../adapters/blobs/blob-keys';
import type { Instances } from '../../adapters/instances';
import type { Ports, RunRow } from '../../adapters/ports';

/** Records, or instances, of one run that one pass removes at most. */
const MOST = 1_000;
const PAGE = 100;

type Stores = Pick<Ports, 'runs' | 'blobs' | 'runLogs' | 'actions' | 'feed' | 'grants'>;

/**
 * Removes a run that belongs to no other and ended before an instant, with all that is known of it. What leads to other things goes after them, and the
 * run's own row last, so that a pass that was broken off is taken up by the next one; removing again is harmless.
 * @returns `kept`: it goes on or ended later. `more`: it was too much for one pass.
 */
export async function purgeRun(
  ports: Stores,
  instances: Pick<Instances, 'list' | 'purge'>,
  { row, beforeMs }: { row: RunRow; beforeMs: number },
): Promise<'gone' | 'kept' | 'more'> {
  const { run } = row;
  if (row.endedMs !== undefined && row.endedMs >= beforeMs) return 'kept';
  const family = await instances.list({ prefix: run, top: PAGE });
  const root = family.instances.find(({ id }) => id === run);
  if (family.instances.some(({ open }) => open)) return 'kept';
  // It was terminated from outside: nobody wrote down when.
  if (row.endedMs === undefined && root && root.updatedMs >= beforeMs) return 'kept';

  const children = await ports.runs.children(run);
  for (const id of [...children.map((child) => child.run), run]) {
    await ports.blobs.removeAll(runFolder(id));
    await ports.feed.forgetRun(id);
  }
  const cloudRun = run.split('-')[0] ?? run;
  await ports.runLogs.forgetProgress(cloudRun);
  await ports.grants.forget(cloudRun);
  if ((await ports.actions.purge(run, MOST)) === MOST) return 'more';
  if (!(await purgeBelow(instances, run))) return 'more';
  await instances.purge(run);
  for (const child of children) await ports.runs.remove(child);
  await ports.runs.remove(row);
  return 'gone';
}

/** Parts, loops, tries and desktop-flow runs. @returns whether none is left. */
async function purgeBelow(instances: Pick<Instances, 'list' | 'purge'>, run: string): Promise<boolean> {
  let continuation: string | undefined;
  for (let removed = 0; removed < MOST;) {
    const page = await instances.list({ prefix: run, top: PAGE, continuation });
    const below = page.instances.filter(({ id }) => id !== run);
    await Promise.all(below.map(({ id }) => instances.purge(id)));
    removed += below.length;
    continuation = page.continuation;
    if (continuation === undefined) return true;
  }
  return false;
}
