import { createPublicKey, verify } from 'node:crypto';
import type { HttpRequest } from '@azure/functions';
import type { MachineRow, Ports } from '../../adapters/ports';
import { agentHeaders, requestText } from '../../contracts/agent-api';
import { machineId } from '../../contracts/ids';
import { RequestError } from '../problem';
import { sha256Hex } from '../request-body';

/** How far a signed request's time may be off, either way (ms): bounds how long a recorded request could be sent again. */
const WINDOW_MS = 5 * 60_000;

/**
 * The machine that signed the request.
 * @param body the bytes of the body, empty when there are none.
 * @throws RequestError Unauthorized (with our time in `Date`, from which the agent corrects its clock), MachineRevoked
 */
export async function requireMachine(
  ports: Ports,
  request: HttpRequest,
  body: Uint8Array,
): Promise<MachineRow> {
  const id = request.headers.get(agentHeaders.machine) ?? '';
  const time = request.headers.get(agentHeaders.time) ?? '';
  const signature = request.headers.get(agentHeaders.signature) ?? '';
  const refuse = (detail: string): RequestError =>
    new RequestError('Unauthorized', { detail, headers: { date: new Date(ports.now()).toUTCString() } });
  if (!id || !time || !signature) throw refuse('The request is not signed.');
  const machine = machineId.safeParse(id).success ? await ports.machines.getCached(id) : undefined;
  const text = requestText({
    method: request.method,
    path: new URL(request.url).pathname,
    machine: id,
    time,
    bodySha256: sha256Hex(body),
  });
  if (!machine || !isSignedBy(machine.publicKey, text, signature)) throw refuse('The signature is wrong.');
  if (!(Math.abs(Date.parse(time) - ports.now()) <= WINDOW_MS)) {
    throw refuse('The time of the request is more than five minutes off.');
  }
  if (machine.revoked) throw new RequestError('MachineRevoked');
  return machine;
}

function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}
