import type { Ports } from '../../adapters/ports';
import { groupPatch } from '../../contracts/machine-groups';
import type { QueueSettings } from '../../domain/run-queue/messages';
import { callerOf } from '../caller';
import { durableHttp, json, type DurableHandler } from '../http';
import { queueSettings } from '../machines/patch-machine.http';
import { accepted, sendQueueCommand } from '../queues/send-queue-command';
import { parseBody, readJson } from '../request-body';
import { findGroup } from './find-group';
import { readGroupView } from './group-view';

/** PATCH machine-groups/{group}: "Edit details" (rows B2, D3, F7, F8, F9, L10). The settings hold for all machines of the group (row D4). */
export function patchGroup(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const group = await findGroup(ports, request);
    const given = parseBody(groupPatch, await readJson(request, ports.settings.maxBodyBytes));
    const settings = groupSettings(given);
    const done =
      Object.keys(settings).length === 0 ||
      (await sendQueueCommand(client, group.id, {
        kind: 'settings',
        settings,
        actor: callerOf(request).name,
      }));
    const { name = group.name, queueTimeout = group.queueTimeout } = given;
    const changed = { ...group, name, queueTimeout: queueTimeout ?? '' };
    if (given.name !== undefined || given.queueTimeout !== undefined) await ports.groups.put(changed);
    if (!done) return accepted(`/api/machine-groups/${group.id}`);
    return json(await readGroupView(ports, client, changed));
  });
}

/** The settings that were given. */
export function groupSettings(
  given: Parameters<typeof queueSettings>[0] & { maxMachines?: number | undefined },
): Partial<QueueSettings> {
  const { maintenance, maxMachines } = given;
  return {
    ...queueSettings(given),
    ...(maintenance === undefined ? {} : { maintenance }),
    ...(maxMachines === undefined ? {} : { maxMachines }),
  };
}
