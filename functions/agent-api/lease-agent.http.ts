import type { MachineRow, Ports } from '../../adapters/ports';
import { leaseRequest, type LeaseResponse } from '../../contracts/agent-api';
import { AGENT_EVENTS_QUEUE } from '../../contracts/agent-protocol';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { parseBody, parseJson, readBytes } from '../request-body';
import { requireMachine } from './signed-request';

/** POST agent/lease (signed): access to the machine's queue and to agent-events for a limited time, for one agent only. */
export function leaseAgent(ports: Ports): Handler {
  return http(async (request) => {
    const bytes = await readBytes(request, ports.settings.maxBodyBytes);
    const { id } = await requireMachine(ports, request, bytes);
    const { installation } = parseBody(leaseRequest, parseJson(bytes));
    await takeLease(ports, id, installation);
    const expiresMs = ports.now() + ports.settings.agentLeaseMs;
    const [access, queue] = await Promise.all([
      ports.machineQueues.access(id, expiresMs),
      ports.machineQueues.queueName(id),
    ]);
    const body: LeaseResponse = {
      commands: { connectionString: access.commands, queue },
      events: { connectionString: access.events, queue: AGENT_EVENTS_QUEUE },
      expiresAt: new Date(expiresMs).toISOString(),
      serverTime: new Date(ports.now()).toISOString(),
      settings: { heartbeatMs: ports.settings.heartbeatMs, goWindowMs: ports.settings.goWindowMs },
    };
    return json(body, 200, { 'cache-control': 'no-store' });
  });
}

/** Notes who holds the machine. @throws RequestError AgentAlreadyRunning while another installation was seen lately. */
async function takeLease(ports: Ports, id: string, installation: string): Promise<void> {
  const machine = await ports.machines.get(id);
  if (!machine || machine.revoked) throw new RequestError('MachineRevoked');
  if (await heldByAnother(ports, machine, installation)) throw new RequestError('AgentAlreadyRunning');
  await ports.machines.change(id, { installation, leasedMs: ports.now() });
}

async function heldByAnother(ports: Ports, machine: MachineRow, installation: string): Promise<boolean> {
  const lately = ports.now() - ports.settings.offlineAfterMs;
  const presence = await ports.presence.get(machine.id);
  const seen =
    presence !== undefined && presence.installation !== installation && presence.lastSeenMs > lately;
  const leased = machine.installation !== installation && (machine.leasedMs ?? 0) > lately;
  return leased || (seen && presence.online);
}
