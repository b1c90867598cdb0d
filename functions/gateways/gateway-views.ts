import type { ClusterRow, GatewayRow, Ports } from '../../adapters/ports';
import type { ClusterView, GatewayView } from '../../contracts/gateways';
import { isOnline } from '../../orchestrators/resolve-target.activity';

type ViewPorts = Pick<Ports, 'gateways' | 'presence' | 'settings' | 'now'>;

/** Gateways with whether their machine was heard of lately. */
export async function gatewayViews(ports: ViewPorts, gateways: GatewayRow[]): Promise<GatewayView[]> {
  const presence = new Map((await ports.presence.list()).map((row) => [row.machine, row]));
  return gateways.map(({ name, machine, account, cluster, enabled }) => ({
    name,
    machine,
    ...(account === undefined ? {} : { account }),
    ...(cluster === undefined ? {} : { cluster }),
    enabled,
    online: isOnline(presence.get(machine), ports),
  }));
}

export async function clusterViews(ports: ViewPorts, clusters: ClusterRow[]): Promise<ClusterView[]> {
  const gateways = await gatewayViews(ports, await ports.gateways.list());
  return clusters.map(({ name, runOnAll }) => {
    const members = gateways.filter(({ cluster }) => cluster === name);
    return { name, runOnAll, members, warnings: warningsOf(members) };
  });
}

/** Row B8: offline members hurt. */
function warningsOf(members: GatewayView[]): string[] {
  const enabled = members.filter((member) => member.enabled);
  if (enabled.length === 0) return ['The cluster has no enabled member: its runs fail.'];
  const online = enabled.some((member) => member.online);
  const effect = online
    ? 'gets no runs until it is back; disable or remove it if it stays away.'
    : 'may be drawn, because no other member is online: its runs wait.';
  return enabled
    .filter((member) => !member.online)
    .map(({ name }) => `Gateway ${name} is offline: it ${effect}`);
}
