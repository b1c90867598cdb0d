import type { HttpRequest } from '@azure/functions';
import { z } from 'zod';
import { placeOf, type FeedEntry, type Ports } from '../../adapters/ports';
import type { ChangeView } from '../../contracts/changes';
import { desktopRunId, groupId, machineId } from '../../contracts/ids';
import { RequestError } from '../problem';

/** What a reader of the feed asks for; exactly one of the three. */
export const watchedQuery = {
  queue: z.union([machineId, groupId]).optional(),
  machine: machineId.optional(),
  run: desktopRunId.optional(),
};

interface Watched {
  queue: string;
  /** Changes that are not about what was asked for are left out. */
  shows: (entry: FeedEntry) => boolean;
}

/** The queue to read, and what of it. @throws RequestError InvalidQuery, MachineNotFound, GroupNotFound, RunNotFound */
export async function watchedQueue(
  ports: Ports,
  query: { queue?: string | undefined; machine?: string | undefined; run?: string | undefined },
): Promise<Watched> {
  const { queue, machine, run } = query;
  if ([queue, machine, run].filter((given) => given !== undefined).length !== 1) {
    const errors = [{ path: 'queue', message: 'give exactly one of queue, machine and run' }];
    throw new RequestError('InvalidQuery', { errors });
  }
  if (run !== undefined) {
    const row = await ports.runs.get(run);
    if (!row?.queue && !row?.machine)
      throw new RequestError('RunNotFound', { detail: `There is no queued run "${run}".` });
    return { queue: row.queue ?? row.machine ?? '', shows: ({ change }) => names(change, 'run', run) };
  }
  if (machine !== undefined) {
    const place = await placeOfMachine(ports, machine);
    return {
      queue: place,
      shows: ({ change }) => place === machine || names(change, 'machine', machine),
    };
  }
  const id = queue ?? '';
  if (id.startsWith('g-')) {
    if (!(await ports.groups.get(id))) throw new RequestError('GroupNotFound');
  } else await placeOfMachine(ports, id);
  return { queue: id, shows: () => true };
}

async function placeOfMachine(ports: Ports, id: string): Promise<string> {
  const machine = await ports.machines.get(id);
  if (!machine || machine.revoked)
    throw new RequestError('MachineNotFound', { detail: `There is no machine "${id}".` });
  return placeOf(machine).queue;
}

function names(change: unknown, what: 'run' | 'machine', id: string): boolean {
  return typeof change === 'object' && change !== null && (change as Record<string, unknown>)[what] === id;
}

export function changeView({ queue, number, atMs, change }: FeedEntry): ChangeView {
  return { queue, number, at: new Date(atMs).toISOString(), change: change as ChangeView['change'] };
}

/** The number after which a reader goes on: what it has seen last. */
export function lastEventId(request: HttpRequest): number | undefined {
  const id = Number(request.headers.get('last-event-id') ?? Number.NaN);
  return Number.isInteger(id) && id >= 0 ? id : undefined;
}
