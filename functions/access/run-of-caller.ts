import { z } from 'zod';
import type { Ports } from '../../adapters/ports';
import { desktopRunId, runId } from '../../contracts/ids';
import type { RunOf } from '../../domain/access/permissions';
import type { Orchestrations } from '../http';
import { instanceStatus } from '../instances';

const started = z.object({ startedBy: z.string() });

/**
 * Whose a run is (row L8): desktop-flow runs are of who started the cloud-flow run that they belong to. Until a run has its row, its
 * orchestration says who started it, to functions that can ask.
 */
export async function runOfCaller(
  ports: Pick<Ports, 'runs'>,
  client: Orchestrations | undefined,
  asked: { run: string; caller: string },
): Promise<RunOf> {
  if (!runId.safeParse(asked.run).success && !desktopRunId.safeParse(asked.run).success) return 'nobody';
  const starter = await starterOf(ports, client, asked.run);
  if (starter === undefined) return 'nobody';
  return starter === asked.caller ? 'caller' : 'another';
}

async function starterOf(
  ports: Pick<Ports, 'runs'>,
  client: Orchestrations | undefined,
  run: string,
): Promise<string | undefined> {
  const root = rootOf(run);
  const row = await ports.runs.get(root);
  if (row) return row.startedBy ?? '';
  if (client) {
    const input = started.safeParse((await instanceStatus(client, root))?.input);
    if (input.success) return input.data.startedBy;
  }
  // One that was started at a machine belongs to no other; its starter is no caller of the API.
  return root !== run && (await ports.runs.get(run)) ? '' : undefined;
}

/** The cloud-flow run that a run belongs to, or is. */
export function rootOf(run: string): string {
  return run.split(/[.-]/)[0] ?? run;
}
