import type { Ports } from '../../adapters/ports';
import { http, type Handler } from '../http';
import { RequestError } from '../problem';
import { findGroup } from './find-group';
import { membersOf } from './group-view';

/** DELETE machine-groups/{group}: only without machines. Runs that still wait in it end at their deadline. */
export function deleteGroup(ports: Ports): Handler {
  return http(async (request) => {
    const { id } = await findGroup(ports, request);
    const members = await membersOf(ports, id);
    if (members.length > 0) {
      throw new RequestError('GroupNotEmpty', { detail: `It has ${members.length} machines.` });
    }
    await ports.groups.remove(id);
    return { status: 204 };
  });
}
