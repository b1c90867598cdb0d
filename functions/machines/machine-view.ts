import { placeOf, type MachineRow, type PresenceRow } from '../../adapters/ports';
import type { MachineView } from '../../contracts/api-machines';

export function machineView(machine: MachineRow, presence: PresenceRow | undefined): MachineView {
  const { maintenance = false, attendedNotice = 'off' } = machine;
  const reachable = presence?.online ? (maintenance ? 'maintenance' : 'online') : 'offline';
  return {
    ...machine.report,
    id: machine.id,
    name: machine.name,
    status: machine.revoked ? 'revoked' : reachable,
    maintenance,
    queue: placeOf(machine).queue,
    attendedNotice,
    ...(presence ? { lastSeenAt: new Date(presence.lastSeenMs).toISOString() } : {}),
    registeredAt: new Date(machine.registeredMs).toISOString(),
    epoch: machine.epoch,
  };
}
