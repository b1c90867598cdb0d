import { placeOf, type GatewayRow, type Ports } from '../../adapters/ports';
import { INBOX, type InboxMessage } from '../../domain/runs/inbox-messages';
import type { Orchestrations } from '../http';
import { readQueue } from '../queues/read-queue';

/**
 * Tells the runs that were drawn for this member and have not started that another one may take them (row B6). A run that is not told draws
 * again when the gateway watch sees it next.
 */
export async function redrawWaiting(
  ports: Pick<Ports, 'machines' | 'runs'>,
  client: Pick<Orchestrations, 'readEntityState' | 'raiseEvent'>,
  gateway: GatewayRow,
): Promise<void> {
  const { machine: id, cluster, name } = gateway;
  if (cluster === undefined) return;
  const machine = await ports.machines.get(id);
  if (!machine) return;
  const { queue } = placeOf(machine);
  const { waiting } = await readQueue(client, queue);
  const message: InboxMessage = { kind: 'redraw', queue, gateway: name };
  await Promise.all(
    waiting
      .filter(({ pinned }) => pinned === id)
      .map(async ({ run, owner }) => {
        const row = await ports.runs.get(run);
        if (row?.cluster === cluster && row.gateway === name) await client.raiseEvent(owner, INBOX, message);
      }),
  );
}
