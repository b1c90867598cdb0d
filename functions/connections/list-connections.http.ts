import type { Ports } from '../../adapters/ports';
import type { ConnectionList } from '../../contracts/api-machines';
import { http, json, type Handler } from '../http';
import { connectionView } from './connection-requests';

/** GET connections */
export function listConnections(ports: Ports): Handler {
  return http(async () => {
    const body: ConnectionList = { connections: (await ports.connections.list()).map(connectionView) };
    return json(body);
  });
}
