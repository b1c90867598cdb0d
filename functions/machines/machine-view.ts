import type { MachineRow, PresenceRow } from '../../adapters/ports';
import type { MachineView } from '../../contracts/api-machines';

export function machineView(machine: MachineRow, presence: PresenceRow | undefined): MachineView {
  const reachable = presence?.online ? 'online' : 'offline';
  return {
    ...machine.report,
    id: machine.id,
    name: machine.name,
    status: machine.revoked ? 'revoked' : reachable,
    ...(presence ? { lastSeenAt: new Date(presence.lastSeenMs).toISOString() } : {}),
    registeredAt: new Date(machine.registeredMs).toISOString(),
    epoch: machine.epoch,
  };
}
