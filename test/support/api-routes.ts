import { getCapacity } from '../../functions/capacity/get-capacity.http';
import { putCapacity } from '../../functions/capacity/put-capacity.http';
import { getConnectionTest } from '../../functions/connections/get-connection-test.http';
import { getConnection } from '../../functions/connections/get-connection.http';
import { putConnection } from '../../functions/connections/put-connection.http';
import { startConnectionTest } from '../../functions/connections/start-connection-test.http';
import { enableFlow } from '../../functions/flows/change-flow.http';
import { getFlow } from '../../functions/flows/get-flow.http';
import { listTriggers } from '../../functions/flows/list-triggers.http';
import { putFlow } from '../../functions/flows/put-flow.http';
import { deleteCluster, getCluster, listClusters, putCluster } from '../../functions/gateways/clusters.http';
import { deleteGateway, getGateway, listGateways, putGateway } from '../../functions/gateways/gateways.http';
import { createGroup } from '../../functions/machine-groups/create-group.http';
import { deleteGroup } from '../../functions/machine-groups/delete-group.http';
import { getGroup, getGroupQueue } from '../../functions/machine-groups/get-group.http';
import { listGroups } from '../../functions/machine-groups/list-groups.http';
import { addMember, removeMember } from '../../functions/machine-groups/move-member';
import { patchGroupQueue } from '../../functions/machine-groups/patch-group-queue.http';
import { patchGroup } from '../../functions/machine-groups/patch-group.http';
import type { DurableHandler, Handler } from '../../functions/http';
import { deleteMachine } from '../../functions/machines/delete-machine.http';
import { getMachineQueue } from '../../functions/machines/get-machine-queue.http';
import { getMachine } from '../../functions/machines/get-machine.http';
import { listMachines } from '../../functions/machines/list-machines.http';
import { patchMachineQueue } from '../../functions/machines/patch-machine-queue.http';
import { patchMachine } from '../../functions/machines/patch-machine.http';
import { releaseMachine } from '../../functions/machines/release-machine.http';
import {
  abandonCase,
  advanceCase,
  beginCase,
  getCase,
  goBack,
  listCases,
  patchCase,
  runCaseFlow,
} from '../../functions/processes/cases.http';
import {
  deleteProcess,
  getProcess,
  listProcesses,
  putProcess,
} from '../../functions/processes/processes.http';
import { getPlanning } from '../../functions/planning/get-planning.http';
import { cancelRun } from '../../functions/runs/cancel-run.http';
import { listRunActions } from '../../functions/runs/list-run-actions.http';
import { listRuns } from '../../functions/runs/list-runs.http';
import { resubmitRun } from '../../functions/runs/resubmit-run.http';
import { getRun } from '../../functions/runs/get-run.http';
import { listDeliveries, retryDelivery } from '../../functions/subscriptions/deliveries.http';
import {
  deleteSubscription,
  getSubscription,
  listSubscriptions,
  putSubscription,
  replayEvents,
  rotateSecret,
} from '../../functions/subscriptions/subscriptions.http';
import type { Ports } from '../../adapters/ports';

export type ApiRoute = { method: string; path: string } & ({ plain: Handler } | { durable: DurableHandler });

/** The routes of app.ts that have to do with machines, queues, groups, gateways and connections. */
export function apiRoutes(ports: Ports): ApiRoute[] {
  const queues = 'machines/{machine}/queue';
  return [
    { method: 'PUT', path: 'flows/{flow}', plain: putFlow(ports) },
    { method: 'GET', path: 'flows/{flow}', plain: getFlow(ports) },
    { method: 'POST', path: 'flows/{flow}/enable', plain: enableFlow(ports) },
    { method: 'GET', path: 'flows/{flow}/triggers', plain: listTriggers(ports) },
    { method: 'GET', path: 'machines', plain: listMachines(ports) },
    { method: 'GET', path: 'machines/{machine}', durable: getMachine(ports) },
    { method: 'PATCH', path: 'machines/{machine}', durable: patchMachine(ports) },
    { method: 'DELETE', path: 'machines/{machine}', durable: deleteMachine(ports) },
    { method: 'GET', path: queues, durable: getMachineQueue(ports) },
    { method: 'POST', path: `${queues}/release`, durable: releaseMachine(ports) },
    { method: 'PATCH', path: `${queues}/{run}`, durable: patchMachineQueue(ports) },
    { method: 'GET', path: 'machine-groups', plain: listGroups(ports) },
    { method: 'POST', path: 'machine-groups', durable: createGroup(ports) },
    { method: 'GET', path: 'machine-groups/{group}', durable: getGroup(ports) },
    { method: 'PATCH', path: 'machine-groups/{group}', durable: patchGroup(ports) },
    { method: 'DELETE', path: 'machine-groups/{group}', plain: deleteGroup(ports) },
    { method: 'PUT', path: 'machine-groups/{group}/machines/{machine}', durable: addMember(ports) },
    { method: 'DELETE', path: 'machine-groups/{group}/machines/{machine}', durable: removeMember(ports) },
    { method: 'GET', path: 'machine-groups/{group}/queue', durable: getGroupQueue(ports) },
    { method: 'PATCH', path: 'machine-groups/{group}/queue/{run}', durable: patchGroupQueue(ports) },
    { method: 'GET', path: 'gateways', plain: listGateways(ports) },
    { method: 'GET', path: 'gateways/{name}', plain: getGateway(ports) },
    { method: 'PUT', path: 'gateways/{name}', durable: putGateway(ports) },
    { method: 'DELETE', path: 'gateways/{name}', durable: deleteGateway(ports) },
    { method: 'GET', path: 'gateway-clusters', plain: listClusters(ports) },
    { method: 'GET', path: 'gateway-clusters/{name}', plain: getCluster(ports) },
    { method: 'PUT', path: 'gateway-clusters/{name}', plain: putCluster(ports) },
    { method: 'DELETE', path: 'gateway-clusters/{name}', plain: deleteCluster(ports) },
    { method: 'GET', path: 'capacity', durable: getCapacity(ports) },
    { method: 'PUT', path: 'capacity', durable: putCapacity(ports) },
    { method: 'GET', path: 'processes', plain: listProcesses(ports) },
    { method: 'PUT', path: 'processes/{process}', plain: putProcess(ports) },
    { method: 'GET', path: 'processes/{process}', plain: getProcess(ports) },
    { method: 'DELETE', path: 'processes/{process}', plain: deleteProcess(ports) },
    { method: 'GET', path: 'processes/{process}/cases', plain: listCases(ports) },
    { method: 'POST', path: 'processes/{process}/cases', durable: beginCase(ports) },
    { method: 'GET', path: 'processes/{process}/cases/{case}', durable: getCase(ports) },
    { method: 'PATCH', path: 'processes/{process}/cases/{case}', durable: patchCase(ports) },
    { method: 'POST', path: 'processes/{process}/cases/{case}/advance', durable: advanceCase(ports) },
    { method: 'POST', path: 'processes/{process}/cases/{case}/back', durable: goBack(ports) },
    { method: 'POST', path: 'processes/{process}/cases/{case}/abandon', durable: abandonCase(ports) },
    { method: 'POST', path: 'processes/{process}/cases/{case}/run', durable: runCaseFlow(ports) },
    { method: 'GET', path: 'planning', durable: getPlanning(ports) },
    { method: 'GET', path: 'event-subscriptions', plain: listSubscriptions(ports) },
    { method: 'GET', path: 'event-subscriptions/{name}', plain: getSubscription(ports) },
    { method: 'PUT', path: 'event-subscriptions/{name}', plain: putSubscription(ports) },
    { method: 'DELETE', path: 'event-subscriptions/{name}', plain: deleteSubscription(ports) },
    { method: 'POST', path: 'event-subscriptions/{name}/rotate-secret', plain: rotateSecret(ports) },
    { method: 'POST', path: 'event-subscriptions/{name}/replay', plain: replayEvents(ports) },
    { method: 'GET', path: 'event-subscriptions/{name}/deliveries', plain: listDeliveries(ports) },
    {
      method: 'POST',
      path: 'event-subscriptions/{name}/deliveries/{event}/retry',
      plain: retryDelivery(ports),
    },
    { method: 'GET', path: 'runs', plain: listRuns(ports) },
    { method: 'GET', path: 'runs/{run}/actions', durable: listRunActions(ports) },
    { method: 'GET', path: 'runs/{run}', durable: getRun(ports) },
    { method: 'POST', path: 'runs/{run}/cancel', durable: cancelRun(ports) },
    { method: 'POST', path: 'runs/{run}/resubmit', durable: resubmitRun(ports) },
    { method: 'PUT', path: 'connections/{name}', plain: putConnection(ports) },
    { method: 'GET', path: 'connections/{name}', plain: getConnection(ports) },
    {
      method: 'POST',
      path: 'connections/{name}/test',
      durable: startConnectionTest(ports, { patienceMs: 0 }),
    },
    { method: 'GET', path: 'connections/{name}/tests/{test}', durable: getConnectionTest() },
  ];
}
