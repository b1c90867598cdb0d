import type { Ports } from '../../adapters/ports';
import { tokenBody, type IssuedToken } from '../../contracts/api-machines';
import { http, json, type Handler } from '../http';
import { parseBody, readJson } from '../request-body';

/** POST registration-tokens: a one-time token with which an agent registers its machine. Its text is shown this once. */
export function issueRegistrationToken(ports: Ports): Handler {
  return http(async (request) => {
    const given = parseBody(tokenBody, await readJson(request, ports.settings.maxBodyBytes));
    const expiresMs = ports.now() + given.expiresInMinutes * 60_000;
    const token = await ports.tokens.issue(expiresMs);
    const body: IssuedToken = { token, expiresAt: new Date(expiresMs).toISOString() };
    return json(body, 201, { 'cache-control': 'no-store' });
  });
}
