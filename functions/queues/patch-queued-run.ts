import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { z } from 'zod';
import type { Ports } from '../../adapters/ports';
import { desktopRunId } from '../../contracts/ids';
import { queuePatch } from '../../contracts/queues';
import type { QueueOrder } from '../../orchestrators/call-queue';
import { callerOf } from '../caller';
import { json, type Orchestrations } from '../http';
import { RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';
import { readQueueView } from './queue-view';
import { accepted, sendQueueCommand } from './send-queue-command';

/**
 * Changes the place of a waiting run: its priority, to the top, or back (rows F5, F6). 200 with the queue as it is now.
 * @param at the queue, and the address under which it is shown.
 * @throws RequestError InvalidBody, RunNotFound, RunNotQueued, RunNotOnTop
 */
export async function patchQueuedRun(
  ports: Pick<Ports, 'settings' | 'now'>,
  request: HttpRequest,
  client: Orchestrations,
  at: { queue: string; self: string },
): Promise<HttpResponseInit> {
  const run = desktopRunId.safeParse(request.params['run']);
  if (!run.success) throw new RequestError('RunNotFound');
  const given = parseBody(queuePatch, await readJson(request, ports.settings.maxBodyBytes));
  const order = orderOf(given, { run: run.data, actor: callerOf(request).name });
  if (!(await sendQueueCommand(client, at.queue, order))) return accepted(at.self);
  return json(await readQueueView(client, at.queue, ports.now()));
}

function orderOf(given: z.infer<typeof queuePatch>, who: { run: string; actor: string }): QueueOrder {
  if (given.priority) return { kind: 'setPriority', ...who, priority: given.priority };
  return given.undo ? { kind: 'undoMove', ...who } : { kind: 'moveToTop', ...who };
}
