import { z } from 'zod';
import {
  clusterBody,
  clusterList,
  type ClusterView,
  clusterView,
  gatewayBody,
  gatewayList,
  type GatewayView,
  gatewayView,
} from '../gateways';
import { resourceName } from '../ids';
import { CLUSTER, GATEWAY, MACHINE } from './examples';
import { answer, jsonBody, jsonBodyErrors, type Operation, parameters } from './operation';

const gateway = parameters(z.object({ name: resourceName.describe('Name of the gateway.') }), {
  name: GATEWAY,
});
const cluster = parameters(z.object({ name: resourceName.describe('Name of the cluster.') }), {
  name: CLUSTER,
});

const given = { machine: MACHINE, account: 'CONTOSO\\bot', cluster: CLUSTER };
const view: GatewayView = { ...given, name: GATEWAY, enabled: true, online: false };
const clusterShown: ClusterView = {
  name: CLUSTER,
  runOnAll: true,
  members: [view],
  warnings: [
    `Gateway ${GATEWAY} is offline: it may be drawn, because no other member is online: its runs wait.`,
  ],
};

export const gatewayOperations: readonly Operation[] = [
  {
    name: 'list-gateways',
    method: 'GET',
    route: 'gateways',
    tag: 'Gateways',
    summary: 'List gateways',
    access: 'key',
    answers: [answer({ what: 'All gateways.' }, gatewayList, { gateways: [view] })],
    errors: [],
  },
  {
    name: 'get-gateway',
    method: 'GET',
    route: 'gateways/{name}',
    tag: 'Gateways',
    summary: 'Show a gateway',
    access: 'key',
    path: gateway,
    answers: [answer({ what: 'The gateway.' }, gatewayView, view)],
    errors: ['GatewayNotFound'],
  },
  {
    name: 'put-gateway',
    method: 'PUT',
    route: 'gateways/{name}',
    tag: 'Gateways',
    summary: 'Create or change a gateway',
    description: 'A name for a machine, enabled or not, perhaps a member of a cluster.',
    access: 'key',
    path: gateway,
    body: jsonBody(gatewayBody, given),
    answers: [answer({ what: 'The gateway as stored.' }, gatewayView, view)],
    errors: [...jsonBodyErrors, 'AccountNotAllowed', 'MachineNotFound', 'ClusterNotFound'],
  },
  {
    name: 'delete-gateway',
    method: 'DELETE',
    route: 'gateways/{name}',
    tag: 'Gateways',
    summary: 'Delete a gateway',
    description: 'Runs of its cluster that were drawn for it and have not started are drawn again.',
    access: 'key',
    path: gateway,
    answers: [{ status: 204, what: 'There is no such gateway any more.' }],
    errors: ['GatewayNotFound'],
  },
  {
    name: 'list-clusters',
    method: 'GET',
    route: 'gateway-clusters',
    tag: 'Gateways',
    summary: 'List gateway clusters',
    access: 'key',
    answers: [
      answer({ what: 'All clusters, with their members.' }, clusterList, { clusters: [clusterShown] }),
    ],
    errors: [],
  },
  {
    name: 'get-cluster',
    method: 'GET',
    route: 'gateway-clusters/{name}',
    tag: 'Gateways',
    summary: 'Show a gateway cluster',
    access: 'key',
    path: cluster,
    answers: [answer({ what: 'The cluster, with its members and warnings.' }, clusterView, clusterShown)],
    errors: ['ClusterNotFound'],
  },
  {
    name: 'put-cluster',
    method: 'PUT',
    route: 'gateway-clusters/{name}',
    tag: 'Gateways',
    summary: 'Create or change a gateway cluster',
    description: 'Whether runs are spread over all members counts from the next run on.',
    access: 'key',
    path: cluster,
    body: jsonBody(clusterBody, { runOnAll: true }),
    answers: [answer({ what: 'The cluster as stored.' }, clusterView, clusterShown)],
    errors: jsonBodyErrors,
  },
  {
    name: 'delete-cluster',
    method: 'DELETE',
    route: 'gateway-clusters/{name}',
    tag: 'Gateways',
    summary: 'Delete a gateway cluster',
    description: 'Its gateways stay. Connections to it lead nowhere from now on.',
    access: 'key',
    path: cluster,
    answers: [{ status: 204, what: 'There is no such cluster any more.' }],
    errors: ['ClusterNotFound'],
  },
];
