import { placeOf, type MachineRow, type Ports, type StoredConnection } from '../adapters/ports';
import type { ErrorInfo } from '../contracts/errors';
import { errorInfo } from '../contracts/errors';
import { accountProblem } from '../domain/gateways/accounts';
import { drawEvenly, drawRandom, type Member } from '../domain/gateways/draw-member';

/** The queue that a run stands in, and the machine of that queue that it needs. */
export interface RunPlace {
  /** Key of the `run-queue` entity: the id of a machine or of a group. */
  queue: string;
  /** Runs of a machine are pinned to it, so that they follow it when it changes queues (rule 9). */
  pinned?: string | undefined;
  /** Set when a member of this cluster was drawn; the run may be drawn again before it starts (row B6). */
  cluster?: string | undefined;
}

export type FoundPlace = { ok: true; place: RunPlace } | { ok: false; error: ErrorInfo };

export type TargetPorts = Pick<
  Ports,
  'connections' | 'machines' | 'presence' | 'groups' | 'gateways' | 'runs' | 'settings' | 'now'
>;

export interface ResolveTarget {
  run: string;
  /** Name of the connection. */
  connection: string;
  /** How often a member was drawn before: the same number is answered alike. */
  attempt: number;
}

/** Draws a member of the connection's cluster again (row B6), or finds where else the connection leads by now. */
export function resolveTarget(ports: TargetPorts) {
  const find = placeFinder(ports);
  return async (input: ResolveTarget): Promise<FoundPlace> => {
    const connection = await ports.connections.get(input.connection);
    return connection ? find(connection, input) : refuse('ConnectionNotFound', input.connection);
  };
}

/** Finds the queue that the target of a connection leads to (rows B2, B5, B6, B7); every route ends in the queue of a device. */
export function placeFinder(
  ports: TargetPorts,
): (connection: StoredConnection, draw: Pick<ResolveTarget, 'run' | 'attempt'>) => Promise<FoundPlace> {
  return async ({ target, user }, draw) => {
    switch (target.kind) {
      case 'machine':
        return onMachine(target.id);
      case 'group':
        return target.pinned === undefined ? inGroup(target.id) : onMachine(target.pinned);
      case 'gateway':
        return overGateway({ name: target.name, user, run: draw.run });
      case 'cluster':
        return overCluster({ name: target.name, user, ...draw });
    }
  };

  async function onMachine(id: string): Promise<FoundPlace> {
    const machine = await usable(id);
    if (!machine) return refuse('EndpointDoNotExist', id);
    return { ok: true, place: { queue: placeOf(machine).queue, pinned: id } };
  }

  async function inGroup(id: string): Promise<FoundPlace> {
    return (await ports.groups.get(id))
      ? { ok: true, place: { queue: id } }
      : refuse('EndpointDoNotExist', id);
  }

  async function overGateway(route: {
    name: string;
    user: string | undefined;
    run: string;
    cluster?: string;
  }): Promise<FoundPlace> {
    const { name, user, run, cluster } = route;
    const gateway = await ports.gateways.get(name);
    if (!gateway) return refuse('EndpointDoNotExist', name);
    if (!gateway.enabled) return refuse('OnPremiseDataGatewayNotAvailable', `${name} is disabled.`);
    const wrong = accountProblem(gateway, user);
    if (wrong) return refuse('WindowsIdentityIncorrect', wrong);
    const found = await onMachine(gateway.machine);
    if (!found.ok) return found;
    await ports.runs.record({ run, gateway: name, cluster });
    return { ok: true, place: { ...found.place, cluster } };
  }

  async function overCluster(route: {
    name: string;
    user: string | undefined;
    run: string;
    attempt: number;
  }): Promise<FoundPlace> {
    const { name, user, run, attempt } = route;
    const cluster = await ports.gateways.getCluster(name);
    if (!cluster) return refuse('EndpointDoNotExist', name);
    const members = await membersOf(name);
    let member: string | undefined;
    if (cluster.runOnAll) {
      await ports.gateways.changeTurns(name, (current) => {
        const drawn = drawEvenly(current.turns, members, `${run}/${attempt}`);
        member = drawn.member;
        return drawn.turns;
      });
    } else member = drawRandom(members, Math.random());
    if (member === undefined) {
      return refuse('OnPremiseDataGatewayNotAvailable', `The cluster ${name} has no enabled member.`);
    }
    return overGateway({ name: member, user, run, cluster: name });
  }

  async function membersOf(cluster: string): Promise<Member[]> {
    const gateways = (await ports.gateways.list()).filter((gateway) => gateway.cluster === cluster);
    return Promise.all(
      gateways.map(async ({ name, enabled, machine }) => ({
        name,
        enabled: enabled && (await usable(machine)) !== undefined,
        online: isOnline(await ports.presence.get(machine), ports),
      })),
    );
  }

  async function usable(id: string): Promise<MachineRow | undefined> {
    const machine = await ports.machines.getCached(id);
    return machine && !machine.revoked ? machine : undefined;
  }
}

/** A machine that was heard of within the last two minutes. */
export function isOnline(
  presence: { online: boolean; lastSeenMs: number } | undefined,
  { settings, now }: Pick<Ports, 'settings' | 'now'>,
): boolean {
  return presence !== undefined && presence.online && now() - presence.lastSeenMs < settings.offlineAfterMs;
}

function refuse(code: Parameters<typeof errorInfo>[0], details: string): FoundPlace {
  return { ok: false, error: errorInfo(code, { details }) };
}
