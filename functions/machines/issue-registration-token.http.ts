import type { Ports, Registration } from '../../adapters/ports';
import { tokenBody, type IssuedToken } from '../../contracts/api-machines';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';

/**
 * POST registration-tokens: a one-time token with which an agent registers its machine, or registers a known machine anew. Its text is
 * shown this once.
 */
export function issueRegistrationToken(ports: Ports): Handler {
  return http(async (request) => {
    const given = parseBody(tokenBody, await readJson(request, ports.settings.maxBodyBytes));
    const expiresMs = ports.now() + given.expiresInMinutes * 60_000;
    const token = await ports.tokens.issue(expiresMs, await registrationToRenew(ports, given.machine));
    const body: IssuedToken = { token, expiresAt: new Date(expiresMs).toISOString() };
    return json(body, 201, { 'cache-control': 'no-store' });
  });
}

/** @throws RequestError MachineNotFound */
async function registrationToRenew(ports: Ports, id: string | undefined): Promise<Registration | undefined> {
  if (id === undefined) return undefined;
  const machine = await ports.machines.get(id);
  if (!machine || machine.revoked)
    throw new RequestError('MachineNotFound', { detail: `There is no ${id}.` });
  return { machine: id, epoch: machine.epoch };
}
