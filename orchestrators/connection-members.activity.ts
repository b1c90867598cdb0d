import { placeOf, type Ports, type StoredConnection } from '../adapters/ports';
import { errorInfo, type ErrorInfo } from '../contracts/errors';
import type { ConnectionMember } from '../domain/connections/connection-test';
import { accountOf } from './resolve-desktop-flow.activity';
import { isOnline } from './resolve-target.activity';
import type { CredentialRef } from './send-command.activity';

export type ConnectionMembers =
  | {
      ok: true;
      members: ConnectionMember[];
      user?: string | undefined;
      credential?: CredentialRef | undefined;
    }
  | { ok: false; error: ErrorInfo };

type MemberPorts = Pick<Ports, 'connections' | 'machines' | 'presence' | 'gateways' | 'settings' | 'now'>;

/** Every machine that runs of a connection may come to, and the account that they would use there (row B9). */
export function connectionMembers(ports: MemberPorts) {
  return async ({ connection: name }: { connection: string }): Promise<ConnectionMembers> => {
    const connection = await ports.connections.get(name);
    if (!connection) return { ok: false, error: errorInfo('ConnectionNotFound', { details: name }) };
    const machines = await machinesOf(connection);
    if (machines.length === 0) return { ok: false, error: nobody(connection) };
    const { user, credential } = accountOf(connection);
    return { ok: true, members: await Promise.all(machines.map(memberOf)), user, credential };
  };

  async function machinesOf({ target }: StoredConnection): Promise<string[]> {
    switch (target.kind) {
      case 'machine':
        return [target.id];
      case 'group':
        return target.pinned === undefined ? inGroup(target.id) : [target.pinned];
      case 'gateway': {
        const gateway = await ports.gateways.get(target.name);
        return gateway ? [gateway.machine] : [];
      }
      case 'cluster': {
        const gateways = await ports.gateways.list();
        return [...new Set(gateways.flatMap((each) => (each.cluster === target.name ? [each.machine] : [])))];
      }
    }
  }

  async function inGroup(group: string): Promise<string[]> {
    const machines = await ports.machines.list();
    return machines.flatMap((row) => (!row.revoked && placeOf(row).queue === group ? [row.id] : []));
  }

  async function memberOf(id: string): Promise<ConnectionMember> {
    const [machine, presence] = await Promise.all([ports.machines.get(id), ports.presence.get(id)]);
    if (!machine || machine.revoked) return { machine: id, name: id, epoch: 0, online: false };
    return { machine: id, name: machine.name, epoch: machine.epoch, online: isOnline(presence, ports) };
  }
}

function nobody({ target }: StoredConnection): ErrorInfo {
  if (target.kind === 'group') return errorInfo('GroupIsEmpty');
  return errorInfo('EndpointDoNotExist', { details: 'name' in target ? target.name : target.id });
}
