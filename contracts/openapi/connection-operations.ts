import { z } from 'zod';
import { connectionList } from '../api-machines';
import { connection, connectionBody } from '../connections';
import { resourceName } from '../ids';
import { MACHINE } from './examples';
import { answer, jsonBody, jsonBodyErrors, type Operation, parameters } from './operation';

const name = parameters(z.object({ name: resourceName.describe('Name of the connection.') }), {
  name: 'front-desk',
});
const target = { kind: 'machine' as const, id: MACHINE };
const view = { name: 'front-desk', target, user: 'CONTOSO\\bot', hasCredential: true };

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
    errors: [...jsonBodyErrors, 'MachineNotFound'],
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
];
