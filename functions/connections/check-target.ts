import type { z } from 'zod';
import type { Ports } from '../../adapters/ports';
import type { connectionBody } from '../../contracts/connections';
import type { ErrorCode } from '../../contracts/errors';
import { accountProblem, isAllowedAccount } from '../../domain/gateways/accounts';
import { RequestError } from '../problem';

type Body = z.infer<typeof connectionBody>;
type TargetPorts = Pick<Ports, 'machines' | 'groups' | 'gateways'>;

/**
 * Rows B3, B4: the target exists, and the account may be used there.
 * @throws RequestError AccountNotAllowed, WindowsIdentityIncorrect, or which target there is not.
 */
export async function checkTarget(ports: TargetPorts, { target, user }: Body): Promise<void> {
  if (user !== undefined && !isAllowedAccount(user)) {
    throw new RequestError('AccountNotAllowed', { detail: `"${user}" is not such an account.` });
  }
  switch (target.kind) {
    case 'machine':
      return requireMachine(ports, target.id);
    case 'group':
      if (!(await ports.groups.get(target.id))) throw missing('GroupNotFound', target.id);
      if (target.pinned !== undefined) await requireMachine(ports, target.pinned);
      return;
    case 'gateway': {
      const gateway = await ports.gateways.get(target.name);
      if (!gateway) throw missing('GatewayNotFound', target.name);
      return requireAccount(gateway, user);
    }
    case 'cluster': {
      if (!(await ports.gateways.getCluster(target.name))) throw missing('ClusterNotFound', target.name);
      const members = (await ports.gateways.list()).filter(({ cluster }) => cluster === target.name);
      for (const member of members) requireAccount(member, user);
    }
  }
}

async function requireMachine(ports: TargetPorts, id: string): Promise<void> {
  const machine = await ports.machines.get(id);
  if (!machine || machine.revoked) throw missing('MachineNotFound', id);
}

function requireAccount(gateway: Parameters<typeof accountProblem>[0], user: string | undefined): void {
  const wrong = accountProblem(gateway, user);
  if (wrong) throw new RequestError('WindowsIdentityIncorrect', { detail: wrong });
}

function missing(code: ErrorCode, name: string): RequestError {
  return new RequestError(code, { detail: `The target "${name}" of the connection does not exist.` });
}
