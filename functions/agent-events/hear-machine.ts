import { Cache } from '../../adapters/cache';
import type { Instances } from '../../adapters/instances';
import { placeOf, type MachineRow, type Ports, type PresenceRow } from '../../adapters/ports';
import type { MachineReport } from '../../contracts/agent-protocol';
import { presenceNumber } from '../../domain/runs/presence-number';
import type { QueueOrder } from '../../orchestrators/call-queue';
import { signalQueue } from '../queues/signal-queue';
import type { VerifiedEvent } from './verify-event';

type MachineEvent = Extract<VerifiedEvent, { kind: 'hello' | 'heartbeat' }>;

/**
 * Takes a hello or heartbeat: writes that the machine was seen, and tells its queue what that changes. What is missed here, the machine
 * watch mends on its next pass (rule 11).
 */
export function createMachineHearing(
  ports: Pick<Ports, 'presence' | 'machines' | 'settings' | 'now'>,
): (event: MachineEvent, instances: Instances) => Promise<void> {
  const last = new Cache<PresenceRow>({ entries: 5_000 });

  return async ({ kind, envelope, machine, body }, instances) => {
    const { epoch, seq } = envelope;
    const before = last.get(machine.id) ?? (await ports.presence.get(machine.id));
    const row: PresenceRow = {
      machine: machine.id,
      seq: presenceNumber(epoch, seq),
      lastSeenMs: ports.now(),
      online: true,
      installation: kind === 'hello' ? body.installation : (before?.installation ?? machine.installation),
    };
    if (!(await ports.presence.seen(row))) return;
    last.set(machine.id, row);
    const cameBack =
      !before?.online ||
      row.lastSeenMs - before.lastSeenMs >= ports.settings.offlineAfterMs ||
      kind === 'hello';
    if (cameBack) {
      await tellQueue(instances, machine, {
        kind: 'presence',
        machine: machine.id,
        epoch,
        online: true,
        seq,
      });
    }
    if (body.report && (kind === 'hello' || changed(machine.report, body.report))) {
      await keepReport(machine, body.report);
      await tellQueue(instances, machine, {
        kind: 'report',
        machine: machine.id,
        epoch,
        seq,
        report: body.report,
      });
    }
  };

  /** What is remembered of the machine may be some seconds old; it may have moved since. */
  async function tellQueue(instances: Instances, machine: MachineRow, order: QueueOrder): Promise<void> {
    const { queue } = placeOf((await ports.machines.get(machine.id)) ?? machine);
    await signalQueue(instances, queue, order, ports.now());
  }

  async function keepReport(machine: MachineRow, report: MachineReport): Promise<void> {
    const current = await ports.machines.get(machine.id);
    if (current && changed(current.report, report)) await ports.machines.change(machine.id, { report });
  }
}

function changed(before: MachineReport, now: MachineReport): boolean {
  return JSON.stringify(before) !== JSON.stringify(now);
}
