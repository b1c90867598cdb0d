import { ulid } from 'ulid';
import type { GroupRow, Ports } from '../../adapters/ports';
import { groupBody } from '../../contracts/machine-groups';
import { callerOf } from '../caller';
import { durableHttp, json, type DurableHandler } from '../http';
import { sendQueueCommand } from '../queues/send-queue-command';
import { parseBody, readJson } from '../request-body';
import { readGroupView } from './group-view';
import { groupSettings } from './patch-group.http';

/** POST machine-groups (row B2): a group has one run queue, named after it. A wrong setting is refused and nothing is made. */
export function createGroup(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const given = parseBody(groupBody, await readJson(request, ports.settings.maxBodyBytes));
    const group: GroupRow = {
      id: `g-${ulid(ports.now()).toLowerCase()}`,
      name: given.name,
      createdMs: ports.now(),
      queueTimeout: given.queueTimeout ?? '',
    };
    const limitedBots = (await ports.bots.get()) !== undefined;
    await sendQueueCommand(client, group.id, {
      kind: 'settings',
      settings: { group: true, limitedBots, maxEntries: ports.settings.queueLength, ...groupSettings(given) },
      actor: callerOf(request).name,
    });
    await ports.groups.put(group);
    return json(await readGroupView(ports, client, group), 201, {
      location: `/api/machine-groups/${group.id}`,
    });
  });
}
