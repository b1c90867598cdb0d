import type { Ports } from '../../adapters/ports';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { connectionView } from './connection-requests';

/** GET connections/{name} */
export function getConnection(ports: Ports): Handler {
  return http(async (request) => {
    const name = request.params['name'] ?? '';
    const connection = await ports.connections.get(name);
    if (!connection)
      throw new RequestError('ConnectionNotFound', { detail: `There is no connection "${name}".` });
    return json(connectionView(connection));
  });
}
