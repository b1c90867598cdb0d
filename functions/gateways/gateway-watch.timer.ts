import type { InvocationContext, Timer } from '@azure/functions';
import type { Instances } from '../../adapters/instances';
import type { GatewayRow, Ports } from '../../adapters/ports';
import { isOnline } from '../../orchestrators/resolve-target.activity';
import { redrawWaiting } from './redraw-waiting';

type WatchPorts = Pick<Ports, 'gateways' | 'machines' | 'presence' | 'runs' | 'settings' | 'now'>;

/** Every 30 s: runs that wait for a member that is offline or disabled are drawn again while another is there (rows B6, B8). */
export function watchGateways(
  ports: WatchPorts,
  instancesOf: (context: InvocationContext) => Instances,
): (timer: Timer, context: InvocationContext) => Promise<void> {
  return async (_timer, context) => {
    const clusters = await ports.gateways.listClusters();
    if (clusters.length === 0) return;
    const client = clientOf(instancesOf(context));
    const gateways = await ports.gateways.list();
    for (const { name } of clusters) {
      const members = gateways.filter(({ cluster }) => cluster === name);
      for (const member of await leftBehind(ports, members)) await redrawWaiting(ports, client, member);
    }
  };
}

/** Members that cannot take a run now, if another can. */
async function leftBehind(ports: WatchPorts, members: GatewayRow[]): Promise<GatewayRow[]> {
  const states = await Promise.all(
    members.map(async (member) => ({
      member,
      usable: member.enabled && isOnline(await ports.presence.get(member.machine), ports),
    })),
  );
  return states.some(({ usable }) => usable)
    ? states.filter(({ usable }) => !usable).map(({ member }) => member)
    : [];
}

function clientOf(instances: Instances): Parameters<typeof redrawWaiting>[1] {
  return {
    raiseEvent: async (instance, event, message) => void (await instances.raise(instance, event, message)),
    readEntityState: async <T>({ name, key }: { name: string; key: string }) => {
      const state = await instances.readEntity(name, key);
      return state === undefined ? { entityExists: false } : { entityExists: true, entityState: state as T };
    },
  };
}
