import {
  placeOf,
  type GatewayRow,
  type MachineRow,
  type Ports,
  type StoredConnection,
} from '../adapters/ports';
import type { ErrorInfo } from '../contracts/errors';
import { errorInfo } from '../contracts/errors';
import { accountProblem, signedInProblem } from '../domain/gateways/accounts';
import { drawEvenly, drawRandom, type Member } from '../domain/gateways/draw-member';

/** The queue that a run stands in, and the machine of that queue that it needs. */
export interface RunPlace {
  /** Key of the `run-queue` entity: the id of a machine or of a group. */
  queue: string;
  /** Runs of a machine are pinned to it, so that they follow it when it changes queues (rule 9). */
  pinned?: string | undefined;
  /** Set when a member of this cluster was drawn; the run may be drawn again before it starts (row B6). */
  cluster?: string | undefined;
  /** The gateway that it goes over: then all accounts must be one (row B4). */
  gateway?: string | undefined;
  /** Queue timeout of the machine or group, ISO 8601 (row F7); absent: the environment's. */
  queueTimeout?: string | undefined;
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
  mode: 'attended' | 'unattended';
  /** Row C8. */
  whenSessionBlocked?: 'fail' | 'wait' | undefined;
}

type Draw = Omit<ResolveTarget, 'connection'>;

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
): (connection: StoredConnection, draw: Draw) => Promise<FoundPlace> {
  return async ({ target, user, whenSessionBlocked }, given) => {
    const draw = { ...given, whenSessionBlocked: given.whenSessionBlocked ?? whenSessionBlocked };
    switch (target.kind) {
      case 'machine':
        return onMachine(target.id);
      case 'group':
        return target.pinned === undefined ? inGroup(target.id) : onMachine(target.pinned);
      case 'gateway':
        return overGateway({ name: target.name, user, ...draw });
      case 'cluster':
        return overCluster({ name: target.name, user, ...draw });
    }
  };

  async function onMachine(id: string): Promise<FoundPlace> {
    const machine = await usable(id);
    if (!machine) return refuse('EndpointDoNotExist', id);
    const queueTimeout = await queueTimeoutOf(ports, machine);
    return { ok: true, place: { queue: placeOf(machine).queue, pinned: id, queueTimeout } };
  }

  async function inGroup(id: string): Promise<FoundPlace> {
    const group = await ports.groups.get(id);
    if (!group) return refuse('EndpointDoNotExist', id);
    return { ok: true, place: { queue: id, queueTimeout: group.queueTimeout || undefined } };
  }

  async function overGateway(route: {
    name: string;
    user: string | undefined;
    run: string;
    mode: Draw['mode'];
    whenSessionBlocked?: Draw['whenSessionBlocked'];
    cluster?: string;
  }): Promise<FoundPlace> {
    const { name, user, run, cluster, mode, whenSessionBlocked } = route;
    const gateway = await ports.gateways.get(name);
    if (!gateway) return refuse('EndpointDoNotExist', name);
    if (!gateway.enabled) return refuse('OnPremiseDataGatewayNotAvailable', `${name} is disabled.`);
    const waits = mode === 'unattended' || whenSessionBlocked === 'wait';
    const wrong = accountProblem(gateway, user) ?? (waits ? undefined : await signedInOn(gateway));
    if (wrong) return refuse('WindowsIdentityIncorrect', wrong);
    const found = await onMachine(gateway.machine);
    if (!found.ok) return found;
    await ports.runs.record({ run, gateway: name, cluster });
    return { ok: true, place: { ...found.place, cluster, gateway: name } };
  }

  /** Row B4: a machine that is away may have other sessions when it is back. */
  async function signedInOn(gateway: GatewayRow): Promise<string | undefined> {
    const machine = await usable(gateway.machine);
    const online = machine && isOnline(await ports.presence.get(machine.id), ports);
    return online ? signedInProblem(gateway, machine.report.sessions) : undefined;
  }

  async function overCluster(
    route: {
      name: string;
      user: string | undefined;
    } & Draw,
  ): Promise<FoundPlace> {
    const { name, user, run, attempt, mode, whenSessionBlocked } = route;
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
    return overGateway({ name: member, user, run, mode, whenSessionBlocked, cluster: name });
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

/** Row F7: the queue timeout of the machine, or of the group that it is in (row B2); undefined: the environment's. */
export async function queueTimeoutOf(
  { groups }: Pick<Ports, 'groups'>,
  machine: MachineRow,
): Promise<string | undefined> {
  const { queue } = placeOf(machine);
  const own = queue === machine.id ? machine.queueTimeout : (await groups.get(queue))?.queueTimeout;
  return own || undefined;
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
