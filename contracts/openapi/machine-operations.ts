import { z } from 'zod';
import { issuedToken, machineList, type MachineView, machineView, tokenBody } from '../api-machines';
import { machineId } from '../ids';
import { machinePatch } from '../queues';
import { MACHINE, NOW, report } from './examples';
import { answer, jsonBody, jsonBodyErrors, type Operation, parameters } from './operation';
import { stillUnderWay } from './under-way';

export const machine = parameters(z.object({ machine: machineId.describe('Id of the machine.') }), {
  machine: MACHINE,
});

const view: MachineView = {
  ...report,
  id: MACHINE,
  name: 'front-desk',
  status: 'offline',
  maintenance: false,
  queue: MACHINE,
  attendedNotice: 'off',
  lastSeenAt: NOW,
  registeredAt: '2026-03-01T07:30:00.000Z',
  epoch: 1,
};
const details = {
  ...view,
  settings: {
    reuseSession: true,
    strictOrder: false,
    maxEntries: 500,
    maintenance: false,
    queueTimeout: 'PT3H',
  },
};

export const machineOperations: readonly Operation[] = [
  {
    name: 'issue-registration-token',
    method: 'POST',
    route: 'registration-tokens',
    tag: 'Machines',
    summary: 'Make a one-time token with which an agent registers its machine',
    description:
      'Its text is shown this once. With `machine` it registers that machine anew: its epoch rises and what the former agent says no longer counts.',
    access: 'key',
    body: jsonBody(tokenBody, { expiresInMinutes: 60 }, false),
    answers: [
      answer({ status: 201, what: 'The token.' }, issuedToken, {
        token: 'token-1',
        expiresAt: '2026-03-02T09:00:03.450Z',
      }),
    ],
    errors: [...jsonBodyErrors, 'MachineNotFound'],
  },
  {
    name: 'list-machines',
    method: 'GET',
    route: 'machines',
    tag: 'Machines',
    summary: 'List machines',
    access: 'key',
    answers: [answer({ what: 'All registered machines.' }, machineList, { machines: [view] })],
    errors: [],
  },
  {
    name: 'get-machine',
    method: 'GET',
    route: 'machines/{machine}',
    tag: 'Machines',
    summary: 'Show a machine',
    access: 'key',
    path: machine,
    answers: [answer({ what: 'The machine, with the settings of its queue.' }, machineView, details)],
    errors: ['MachineNotFound'],
  },
  {
    name: 'patch-machine',
    method: 'PATCH',
    route: 'machines/{machine}',
    tag: 'Machines',
    summary: 'Edit the details of a machine',
    description: 'The queue settings of a machine in a group are those of the group and are edited there.',
    access: 'key',
    path: machine,
    body: jsonBody(machinePatch, { name: 'front-desk', reuseSession: true, attendedNotice: 'off' }),
    answers: [
      answer({ what: 'The machine as it is now.' }, machineView, details),
      stillUnderWay(`/api/machines/${MACHINE}`),
    ],
    errors: [
      ...jsonBodyErrors,
      'MachineNotFound',
      'MachineInGroup',
      'MachineIsMoving',
      'InvalidSetting',
      'SessionReuseNotPossible',
    ],
  },
  {
    name: 'delete-machine',
    method: 'DELETE',
    route: 'machines/{machine}',
    tag: 'Machines',
    summary: 'Delete a machine',
    description:
      'Its registration is revoked at once. Runs that execute on it end as released by hand; runs that wait for it alone end with `EndpointDoNotExist`.',
    access: 'key',
    path: machine,
    answers: [stillUnderWay('/api/machines')],
    errors: ['MachineNotFound'],
  },
];
