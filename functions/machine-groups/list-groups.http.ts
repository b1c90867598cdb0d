import { placeOf, type Ports } from '../../adapters/ports';
import type { GroupList } from '../../contracts/machine-groups';
import { http, json, type Handler } from '../http';

/** GET machine-groups */
export function listGroups(ports: Ports): Handler {
  return http(async () => {
    const [groups, machines] = await Promise.all([ports.groups.list(), ports.machines.list()]);
    const body: GroupList = {
      groups: groups.map(({ id, name, createdMs }) => ({
        id,
        name,
        createdAt: new Date(createdMs).toISOString(),
        machines: machines.filter((machine) => !machine.revoked && placeOf(machine).queue === id).length,
      })),
    };
    return json(body);
  });
}
