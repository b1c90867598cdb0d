import { z } from 'zod';
import { connectionTestId } from '../agent-protocol';
import { connectionList } from '../api-machines';
import { connectionTestView, type ConnectionTestView } from '../connection-test';
import { connection, connectionBody } from '../connections';
import { resourceName } from '../ids';
import { CONNECTION_TEST, MACHINE, REQUESTED } from './examples';
import { answer, jsonBody, jsonBodyErrors, type Operation, parameters } from './operation';

const name = parameters(z.object({ name: resourceName.describe('Name of the connection.') }), {
  name: 'front-desk',
});
const target = { kind: 'machine' as const, id: MACHINE };
const view = { name: 'front-desk', target, user: 'CONTOSO\\bot', hasCredential: true };

const self = `/api/connections/front-desk/tests/${CONNECTION_TEST}`;
const tested: ConnectionTestView = {
  test: CONNECTION_TEST,
  connection: 'front-desk',
  status: 'done',
  startedAt: REQUESTED,
  ok: true,
  members: [
    {
      machine: MACHINE,
      name: 'front-desk',
      ok: true,
      reachable: true,
      user: 'known',
      password: 'accepted',
    },
  ],
  links: { self },
};
const running: ConnectionTestView = {
  test: CONNECTION_TEST,
  connection: 'front-desk',
  status: 'running',
  members: [],
  links: { self },
};

export const connectionOperations: readonly Operation[] = [
  {
    name: 'put-connection',
    method: 'PUT',
    route: 'connections/{name}',
    tag: 'Connections',
    summary: 'Create or change a connection',
    description:
      'The credential is write-only. Without one in the body the stored one stays, as long as the user is the same.',
    access: 'key',
    path: name,
    body: jsonBody(connectionBody, {
      target,
      user: 'CONTOSO\\bot',
      credential: { password: 'correct horse battery staple' },
    }),
    answers: [answer({ what: 'The connection as stored.' }, connection, view)],
    errors: [
      ...jsonBodyErrors,
      'AccountNotAllowed',
      'WindowsIdentityIncorrect',
      'MachineNotFound',
      'GroupNotFound',
      'GatewayNotFound',
      'ClusterNotFound',
    ],
  },
  {
    name: 'list-connections',
    method: 'GET',
    route: 'connections',
    tag: 'Connections',
    summary: 'List connections',
    access: 'key',
    answers: [answer({ what: 'All connections.' }, connectionList, { connections: [view] })],
    errors: [],
  },
  {
    name: 'get-connection',
    method: 'GET',
    route: 'connections/{name}',
    tag: 'Connections',
    summary: 'Show a connection',
    access: 'key',
    path: name,
    answers: [answer({ what: 'The connection.' }, connection, view)],
    errors: ['ConnectionNotFound'],
  },
  {
    name: 'start-connection-test',
    method: 'POST',
    route: 'connections/{name}/test',
    tag: 'Connections',
    summary: 'Test a connection',
    description:
      'Asks the agent of every machine that the connection leads to whether runs could use its account there. Machines have half a minute to answer.',
    access: 'key',
    path: name,
    answers: [
      answer({ what: 'What each machine said.' }, connectionTestView, tested),
      answer(
        { status: 202, what: 'It goes on.', headers: { Location: 'Where the report will be.' } },
        connectionTestView,
        running,
      ),
    ],
    errors: ['ConnectionNotFound'],
  },
  {
    name: 'get-connection-test',
    method: 'GET',
    route: 'connections/{name}/tests/{test}',
    tag: 'Connections',
    summary: 'Show a test of a connection',
    access: 'key',
    path: parameters(
      z.object({
        name: resourceName.describe('Name of the connection.'),
        test: connectionTestId.describe('Id of the test.'),
      }),
      { name: 'front-desk', test: CONNECTION_TEST },
    ),
    answers: [answer({ what: 'The report, or that the test goes on.' }, connectionTestView, tested)],
    errors: ['ConnectionTestNotFound'],
  },
];
