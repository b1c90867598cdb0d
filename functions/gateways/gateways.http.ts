import type { HttpRequest } from '@azure/functions';
import type { GatewayRow, Ports } from '../../adapters/ports';
import { gatewayBody, type GatewayList } from '../../contracts/gateways';
import { isAllowedAccount } from '../../domain/gateways/accounts';
import { connectionName } from '../connections/connection-requests';
import { durableHttp, http, json, type DurableHandler, type Handler } from '../http';
import { RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';
import { gatewayViews } from './gateway-views';
import { redrawWaiting } from './redraw-waiting';

/** GET gateways */
export function listGateways(ports: Ports): Handler {
  return http(async () => {
    const body: GatewayList = { gateways: await gatewayViews(ports, await ports.gateways.list()) };
    return json(body);
  });
}

/** GET gateways/{name} */
export function getGateway(ports: Ports): Handler {
  return http(async (request) => {
    const [view] = await gatewayViews(ports, [await findGateway(ports, request)]);
    return json(view ?? {});
  });
}

/** PUT gateways/{name} (rows B4, B5, B8): a name for a machine, enabled or not, perhaps a member of a cluster. */
export function putGateway(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const name = connectionName(request.params['name']);
    const given = parseBody(gatewayBody, await readJson(request, ports.settings.maxBodyBytes));
    if (given.account !== undefined && !isAllowedAccount(given.account)) {
      throw new RequestError('AccountNotAllowed', { detail: `"${given.account}" is not such an account.` });
    }
    const machine = await ports.machines.get(given.machine);
    if (!machine || machine.revoked) throw new RequestError('MachineNotFound');
    if (given.cluster !== undefined && !(await ports.gateways.getCluster(given.cluster))) {
      throw new RequestError('ClusterNotFound', { detail: `There is no cluster "${given.cluster}".` });
    }
    const before = await ports.gateways.get(name);
    const stored: GatewayRow = { name, ...given };
    await ports.gateways.put(stored);
    const left =
      before && (before.machine !== given.machine || before.cluster !== given.cluster || !given.enabled);
    if (left) await redrawWaiting(ports, client, before);
    const [view] = await gatewayViews(ports, [stored]);
    return json(view ?? {});
  });
}

/** DELETE gateways/{name}: runs that were drawn for it and have not started are drawn again (row B6). */
export function deleteGateway(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const gateway = await findGateway(ports, request);
    await ports.gateways.remove(gateway.name);
    await redrawWaiting(ports, client, gateway);
    return { status: 204 };
  });
}

async function findGateway(ports: Ports, request: HttpRequest): Promise<GatewayRow> {
  const name = request.params['name'] ?? '';
  const gateway = await ports.gateways.get(name);
  if (!gateway) throw new RequestError('GatewayNotFound', { detail: `There is no gateway "${name}".` });
  return gateway;
}
