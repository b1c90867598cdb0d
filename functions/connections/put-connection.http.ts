import type { Ports, StoredConnection } from '../../adapters/ports';
import { connectionBody } from '../../contracts/connections';
import type { Credential } from '../../contracts/sealed-credential';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';
import { checkTarget } from './check-target';
import { connectionName, connectionView } from './connection-requests';

/**
 * PUT connections/{name} (row B3). A credential is stored apart and never answered. Without one in the body the stored one stays, as
 * long as the user is the same.
 */
export function putConnection(ports: Ports): Handler {
  return http(async (request) => {
    const name = connectionName(request.params['name']);
    const given = parseBody(connectionBody, await readJson(request, ports.settings.maxBodyBytes));
    if (given.credential && given.user === undefined) {
      throw new RequestError('InvalidBody', {
        errors: [{ path: 'user', message: 'is required with a credential' }],
      });
    }
    await checkTarget(ports, given);
    const before = await ports.connections.get(name);
    const kept = before?.user === given.user ? before?.secretRef : undefined;
    const secretRef =
      given.credential && given.user !== undefined
        ? await keepCredential(name, { user: given.user, password: given.credential.password })
        : kept;
    const stored: StoredConnection = {
      name,
      target: given.target,
      ...(given.user === undefined ? {} : { user: given.user }),
      hasCredential: secretRef !== undefined,
      ...(given.whenSessionBlocked === undefined ? {} : { whenSessionBlocked: given.whenSessionBlocked }),
      ...(secretRef === undefined ? {} : { secretRef }),
    };
    await ports.connections.put(stored);
    return json(connectionView(stored));
  });

  /** The user is kept with it, so that a run that waited cannot take another user's password for its own. */
  function keepCredential(name: string, credential: Credential): Promise<string> {
    return ports.secrets.put(`connection/${name}`, JSON.stringify(credential));
  }
}
