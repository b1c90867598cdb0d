import type { KeyObject } from 'node:crypto';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { Cache } from '../../adapters/cache';
import type { MachineRow, Ports } from '../../adapters/ports';
import type { AgentEventBody, AgentEventEnvelope, AgentEventKind } from '../../contracts/agent-protocol';
import { agentEventBodies, agentEventEnvelope, signedText } from '../../contracts/agent-protocol';

/** An event whose sender is known and whose body fits its kind. */
export type VerifiedEvent = {
  [K in AgentEventKind]: {
    kind: K;
    envelope: AgentEventEnvelope;
    machine: MachineRow;
    body: AgentEventBody<K>;
  };
}[AgentEventKind];

/** Why an event is dropped: the words stand in the log and in the count. */
export type DropReason =
  | 'malformed'
  | 'unknown machine'
  | 'revoked machine'
  | 'old registration'
  | 'wrong signature'
  | 'unknown run'
  | 'unknown test'
  | 'not its grant';

export type Verdict = { ok: true; event: VerifiedEvent } | { ok: false; reason: DropReason };

/** Checks who sent a message of `agent-events`. @throws only what the store throws. */
export function createVerifier({
  machines,
}: Pick<Ports, 'machines'>): (message: unknown) => Promise<Verdict> {
  const keys = new Cache<KeyObject>({ entries: 5_000 });
  return async (message) => {
    const parsed = agentEventEnvelope.safeParse(message);
    if (!parsed.success) return drop('malformed');
    const envelope = parsed.data;
    const machine = await machineOf(envelope);
    if (!machine) return drop('unknown machine');
    if (machine.revoked) return drop('revoked machine');
    if (envelope.epoch !== machine.epoch) return drop('old registration');
    if (!(await isSigned(envelope, keyOf(machine)))) return drop('wrong signature');
    const body = agentEventBodies[envelope.kind].safeParse(readJson(envelope.body));
    if (!body.success) return drop('malformed');
    return { ok: true, event: { kind: envelope.kind, envelope, machine, body: body.data } as VerifiedEvent };
  };

  /** A registration newer than what is remembered is looked up again. */
  async function machineOf({ machine, epoch }: AgentEventEnvelope): Promise<MachineRow | undefined> {
    const cached = await machines.getCached(machine);
    return cached && cached.epoch >= epoch ? cached : machines.get(machine);
  }

  function keyOf({ publicKey }: MachineRow): KeyObject {
    const known = keys.get(publicKey);
    if (known) return known;
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    keys.set(publicKey, key);
    return key;
  }
}

/** In a thread of its own: the mathematics takes longer than most that a function does. */
function isSigned(envelope: AgentEventEnvelope, key: KeyObject): Promise<boolean> {
  const text = signedText(envelope, createHash('sha256').update(envelope.body).digest('hex'));
  return verifyAside(null, Buffer.from(text), key, Buffer.from(envelope.signature, 'base64'));
}

const verifyAside = promisify<null, Buffer, KeyObject, Buffer, boolean>(verify);

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function drop(reason: DropReason): Verdict {
  return { ok: false, reason };
}
