import type { HttpRequest } from '@azure/functions';
import type { ClusterRow, Ports } from '../../adapters/ports';
import { clusterBody, type ClusterList } from '../../contracts/gateways';
import { connectionName } from '../connections/connection-requests';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';
import { clusterViews } from './gateway-views';

/** GET gateway-clusters */
export function listClusters(ports: Ports): Handler {
  return http(async () => {
    const body: ClusterList = { clusters: await clusterViews(ports, await ports.gateways.listClusters()) };
    return json(body);
  });
}

/** GET gateway-clusters/{name} (row B8: with warnings) */
export function getCluster(ports: Ports): Handler {
  return http(async (request) => answer(ports, await findCluster(ports, request)));
}

/** PUT gateway-clusters/{name}: the toggle "run on all gateways in cluster" counts from the next run on (row B7). */
export function putCluster(ports: Ports): Handler {
  return http(async (request) => {
    const name = connectionName(request.params['name']);
    const given = parseBody(clusterBody, await readJson(request, ports.settings.maxBodyBytes));
    await ports.gateways.putCluster(name, given);
    return answer(ports, { name, ...given, turns: { last: 0, drawn: {}, recent: [] } });
  });
}

/** DELETE gateway-clusters/{name}: its gateways stay. Connections to it lead nowhere from now on. */
export function deleteCluster(ports: Ports): Handler {
  return http(async (request) => {
    const { name } = await findCluster(ports, request);
    await ports.gateways.removeCluster(name);
    return { status: 204 };
  });
}

async function answer(ports: Ports, cluster: ClusterRow) {
  const [view] = await clusterViews(ports, [cluster]);
  return json(view ?? {});
}

async function findCluster(ports: Ports, request: HttpRequest): Promise<ClusterRow> {
  const name = request.params['name'] ?? '';
  const cluster = await ports.gateways.getCluster(name);
  if (!cluster) throw new RequestError('ClusterNotFound', { detail: `There is no cluster "${name}".` });
  return cluster;
}
