import type { InvocationContext, Timer } from '@azure/functions';
import type { Instances } from '../../adapters/instances';
import { placeOf, type MachineRow, type Ports } from '../../adapters/ports';
import { DELETED } from '../../domain/run-queue/moves';
import type { MachineSnapshot } from '../../domain/run-queue/snapshot';
import { presenceNumber, readPresenceNumber } from '../../domain/runs/presence-number';
import { RUN_QUEUE } from '../../entities/queue-names';
import { storedSnapshot } from '../../entities/run-queue.entity';
import type { StoredEntity } from '../../entities/run-queue.entity';
import type { QueueOrder } from '../../orchestrators/call-queue';
import type { MoveInput } from '../../orchestrators/move-machine';
import { orchestrations } from '../../orchestrators/names';
import { moveInstance } from '../machines/start-move';
import { firstSettings } from '../queues/first-settings';
import { limitBots, signalQueue } from '../queues/signal-queue';

/**
 * Every 30 s: a machine that was silent for two minutes is offline; and what each machine's queue thinks of it is compared with
 * what is known, and corrected in both directions (rule 11). It decides presence, never a timeout.
 */
export function watchMachines(
  ports: Pick<Ports, 'machines' | 'presence' | 'bots' | 'settings' | 'now'>,
  instancesOf: (context: InvocationContext) => Instances,
): (timer: Timer, context: InvocationContext) => Promise<void> {
  return async (_timer, context) => {
    const instances = instancesOf(context);
    const machines = (await ports.machines.list()).filter(({ queue }) => queue !== DELETED);
    const limited = (await ports.bots.get()) !== undefined;
    const outcomes = await Promise.allSettled(machines.map((machine) => watch(machine, instances, limited)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        context.warn(`A machine could not be watched: ${String(outcome.reason)}`);
    }
  };

  async function watch(machine: MachineRow, instances: Instances, limitedBots: boolean): Promise<void> {
    if (machine.revoked || machine.movingTo) await resumeMove(machine, instances);
    if (machine.revoked) return;
    const { online, seq } = await presenceOf(machine);
    const { queue } = placeOf(machine);
    const tell = (order: QueueOrder): Promise<void> => signalQueue(instances, queue, order, ports.now());
    const stored = await instances.readEntity(RUN_QUEUE, queue);
    const snapshot = storedSnapshot(stored as StoredEntity | undefined);
    const known = snapshot.machines.find((m) => m.machine === machine.id);
    // One of the machines speaks for the queue.
    if (known && known === snapshot.machines[0] && snapshot.settings.limitedBots !== limitedBots) {
      await tell(limitBots(limitedBots));
    }
    if (!known) {
      return machine.movingTo
        ? undefined
        : tell(attachment(machine, { online, seq, limitedBots, maxEntries: ports.settings.queueLength }));
    }
    if (agrees(known, machine, online)) return;
    const number = known.epoch === machine.epoch ? Math.max(seq, known.presenceSeq) : seq;
    await tell({
      kind: 'presence',
      machine: machine.id,
      epoch: machine.epoch,
      online,
      seq: number,
    });
  }

  /** Presence of the current registration; another one's says nothing. */
  async function presenceOf(machine: MachineRow): Promise<{ online: boolean; seq: number }> {
    const row = await ports.presence.get(machine.id);
    if (!row || row.seq < presenceNumber(machine.epoch, 0)) return { online: false, seq: 0 };
    const { seq } = readPresenceNumber(row.seq);
    const silent = ports.now() - row.lastSeenMs >= ports.settings.offlineAfterMs;
    if (row.online && silent) await ports.presence.markOffline(machine.id, row.seq);
    return { online: row.online && !silent, seq };
  }
}

function agrees(known: MachineSnapshot, machine: MachineRow, online: boolean): boolean {
  return known.epoch === machine.epoch && known.online === online;
}

/** A removal or move that was broken off is taken up again. */
async function resumeMove(machine: MachineRow, instances: Instances): Promise<void> {
  const instance = moveInstance(machine.id);
  if ((await instances.stateOf(instance)) === 'open') return;
  const target = machine.revoked ? DELETED : (machine.movingTo ?? placeOf(machine).queue);
  const input: MoveInput = { machine: machine.id, target, actor: 'machine watch' };
  await instances.start(orchestrations.moveMachine, input, instance);
}

/** The command of the registration got lost: the machine joins now. */
function attachment(
  machine: MachineRow,
  facts: { online: boolean; seq: number; limitedBots: boolean; maxEntries: number },
): QueueOrder {
  return {
    kind: 'attach',
    move: placeOf(machine).move,
    joining: {
      machine: machine.id,
      epoch: machine.epoch,
      lastN: 0,
      online: facts.online,
      presenceSeq: facts.seq,
      report: machine.report,
      maintenance: machine.maintenance,
    },
    settings: firstSettings(machine, facts),
  };
}
