import { createPublicKey } from 'node:crypto';
import { ulid } from 'ulid';
import { placeOf, type MachineRow, type Ports, type Registration } from '../../adapters/ports';
import { registerRequest, type RegisterRequest, type RegisterResponse } from '../../contracts/agent-api';
import { orchestrations } from '../../orchestrators/names';
import type { QueueCommandInput } from '../../orchestrators/queue-command';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { firstSettings } from '../queues/first-settings';
import { fieldErrors, RequestError, type FieldError } from '../problem';
import { readJson } from '../request-body';

/**
 * POST agent/register (no key: the one-time token is the credential). Every step can be repeated, so a registration that a crash cut
 * short is finished by asking again with the same token and key, and is answered alike.
 */
export function registerAgent(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const given = parseRegistration(await readJson(request, ports.settings.maxBodyBytes));
    const spent = await ports.tokens.spend(
      given.token,
      given.publicKey,
      `m-${ulid(ports.now()).toLowerCase()}`,
      ports.now(),
    );
    if (spent === 'invalid') throw new RequestError('RegistrationTokenInvalid');
    const known = await ports.machines.get(spent.machine);
    const machine = known
      ? await renewed(ports, { known, from: spent.renews, given })
      : await addMachine(ports, spent.machine, given);
    if (machine.revoked) throw new RequestError('MachineRevoked');
    await ports.machineQueues.ensure(machine.id);
    await attachToItsQueue(client, machine, {
      limitedBots: (await ports.bots.get()) !== undefined,
      maxEntries: ports.settings.queueLength,
    });
    const body: RegisterResponse = { machine: machine.id, epoch: machine.epoch };
    return json(body, 201);
  });
}

/**
 * The machine with this registration as its current one. A token that renews is good for one registration: one that came before has
 * taken its place.
 * @throws RequestError RegistrationTokenInvalid
 */
async function renewed(
  ports: Ports,
  { known, from, given }: { known: MachineRow; from: Registration | undefined; given: RegisterRequest },
): Promise<MachineRow> {
  if (known.revoked || known.publicKey === given.publicKey) return known;
  const { publicKey, sealingKey, installation, report } = given;
  const renewal = { publicKey, sealingKey, installation, report, registeredMs: ports.now() };
  const epoch = (from?.epoch ?? 0) + 1;
  if (!from || !(await ports.machines.renew(known.id, { epoch, ...renewal }))) {
    throw new RequestError('RegistrationTokenInvalid');
  }
  return { ...known, epoch, ...renewal };
}

async function addMachine(ports: Ports, id: string, given: RegisterRequest): Promise<MachineRow> {
  const machine: MachineRow = {
    id,
    name: given.name,
    epoch: 1,
    publicKey: given.publicKey,
    sealingKey: given.sealingKey,
    installation: given.installation,
    report: given.report,
    registeredMs: ports.now(),
    revoked: false,
  };
  await ports.machines.put(machine);
  return machine;
}

/**
 * A new machine has a queue of its own, named after it; one that registered anew keeps its place. The queue ignores a move that it knows
 * but for a higher epoch, so repeating is harmless.
 */
async function attachToItsQueue(
  client: Orchestrations,
  machine: MachineRow,
  settings: { limitedBots: boolean; maxEntries: number },
): Promise<void> {
  const { queue, move } = placeOf(machine);
  const input: QueueCommandInput = {
    queue,
    order: {
      kind: 'attach',
      move,
      joining: {
        machine: machine.id,
        epoch: machine.epoch,
        lastN: 0,
        online: false,
        presenceSeq: 0,
        report: machine.report,
        maintenance: machine.maintenance,
      },
      settings: firstSettings(machine, settings),
    },
  };
  await client.startNew(orchestrations.queueCommand, { input });
}

/** @throws RequestError InvalidBody, UnsupportedOs */
function parseRegistration(body: unknown): RegisterRequest {
  const parsed = registerRequest.safeParse(body);
  if (!parsed.success) {
    const errors = fieldErrors(parsed.error.issues);
    throw new RequestError(
      errors.some(({ path }) => path === 'report.os') ? 'UnsupportedOs' : 'InvalidBody',
      {
        errors,
      },
    );
  }
  const errors = [
    ...keyErrors('publicKey', 'ed25519', parsed.data.publicKey),
    ...keyErrors('sealingKey', 'x25519', parsed.data.sealingKey),
  ];
  if (errors.length > 0) throw new RequestError('InvalidBody', { errors });
  return parsed.data;
}

function keyErrors(path: string, type: string, key: string): FieldError[] {
  try {
    const parsed = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
    if (parsed.asymmetricKeyType === type) return [];
  } catch {
    // Not a key at all: the same answer.
  }
  return [{ path, message: `is not a public ${type} key (SPKI DER in base64)` }];
}
