import type { HttpRequest } from '@azure/functions';
import type { GroupRow, Ports } from '../../adapters/ports';
import { groupId } from '../../contracts/ids';
import { RequestError } from '../problem';

/** The machine group that the address names. @throws RequestError GroupNotFound */
export async function findGroup(ports: Pick<Ports, 'groups'>, request: HttpRequest): Promise<GroupRow> {
  const id = request.params['group'] ?? '';
  const group = groupId.safeParse(id).success ? await ports.groups.get(id) : undefined;
  if (!group) throw new RequestError('GroupNotFound', { detail: `There is no machine group "${id}".` });
  return group;
}
