import { z } from 'zod';
import { type QueueView, queueView } from '../api-machines';
import { desktopRunId, groupId, machineId } from '../ids';
import { groupBody, groupList, groupPatch, type GroupView, groupView } from '../machine-groups';
import { queuePatch } from '../queues';
import { EMPTY_GROUP, GROUP, GROUP_RUN, MACHINE, MEMBER, NOW, REQUESTED } from './examples';
import { answer, jsonBody, jsonBodyErrors, type Operation, type Parameters, parameters } from './operation';
import { stillUnderWay } from './under-way';

const group = groupId.describe('Id of the machine group.');
const one = parameters(z.object({ group }), { group: GROUP });
const member = (machine: string): Parameters =>
  parameters(z.object({ group, machine: machineId.describe('Id of the machine.') }), {
    group: GROUP,
    machine,
  });

const self = `/api/machine-groups/${GROUP}`;
const settings = { reuseSession: false, strictOrder: false, maxEntries: 500, maintenance: false };
const backOffice = { machine: MEMBER, name: 'back-office', online: false, maintenance: false };
const view: GroupView = {
  id: GROUP,
  name: 'Finance',
  createdAt: NOW,
  settings: { ...settings, maxMachines: 50, queueTimeout: 'PT3H' },
  machines: [backOffice],
  waiting: 1,
  running: 0,
};

const queue: QueueView = {
  queue: GROUP,
  at: NOW,
  change: 5,
  settings,
  running: [],
  waiting: [
    {
      run: GROUP_RUN,
      desktopFlow: 'invoices',
      priority: 'high',
      mode: 'unattended',
      requestedBy: 'owner',
      requestedAt: REQUESTED,
      position: 1,
      next: false,
      movedToTop: false,
      deadline: '2026-03-02T11:00:00.000Z',
      reason: { why: 'offline', machines: [MEMBER] },
    },
  ],
  machines: [{ machine: MEMBER, online: false, maintenance: false, slots: 2, runs: [] }],
};

export const groupOperations: readonly Operation[] = [
  {
    name: 'list-groups',
    method: 'GET',
    route: 'machine-groups',
    tag: 'Machine groups',
    summary: 'List machine groups',
    access: 'key',
    answers: [
      answer({ what: 'All groups, with how many machines serve each.' }, groupList, {
        groups: [{ id: GROUP, name: 'Finance', createdAt: NOW, machines: 1 }],
      }),
    ],
    errors: [],
  },
  {
    name: 'create-group',
    method: 'POST',
    route: 'machine-groups',
    tag: 'Machine groups',
    summary: 'Create a machine group',
    description: 'Its machines share one run queue. A wrong setting is refused and nothing is made.',
    access: 'key',
    body: jsonBody(groupBody, { name: 'Finance', maxMachines: 50 }),
    answers: [
      answer({ status: 201, what: 'The group.', headers: { Location: 'Where the group is.' } }, groupView, {
        ...view,
        machines: [],
        waiting: 0,
      }),
    ],
    errors: [...jsonBodyErrors, 'InvalidSetting'],
  },
  {
    name: 'get-group',
    method: 'GET',
    route: 'machine-groups/{group}',
    tag: 'Machine groups',
    summary: 'Show a machine group',
    access: 'key',
    path: one,
    answers: [answer({ what: 'The group, with its settings and machines.' }, groupView, view)],
    errors: ['GroupNotFound'],
  },
  {
    name: 'patch-group',
    method: 'PATCH',
    route: 'machine-groups/{group}',
    tag: 'Machine groups',
    summary: 'Edit the details of a machine group',
    description: 'The settings hold for all machines of the group.',
    access: 'key',
    path: one,
    body: jsonBody(groupPatch, { name: 'Finance', reuseSession: true }),
    answers: [
      answer({ what: 'The group as it is now.' }, groupView, {
        ...view,
        settings: { ...view.settings, reuseSession: true },
      }),
      stillUnderWay(self),
    ],
    errors: [...jsonBodyErrors, 'GroupNotFound', 'InvalidSetting', 'SessionReuseNotPossible'],
  },
  {
    name: 'delete-group',
    method: 'DELETE',
    route: 'machine-groups/{group}',
    tag: 'Machine groups',
    summary: 'Delete a machine group',
    description: 'Only without machines. Runs that still wait in its queue end at their deadline.',
    access: 'key',
    path: parameters(z.object({ group }), { group: EMPTY_GROUP }),
    answers: [{ status: 204, what: 'There is no such group any more.' }],
    errors: ['GroupNotFound', 'GroupNotEmpty'],
  },
  {
    name: 'add-member',
    method: 'PUT',
    route: 'machine-groups/{group}/machines/{machine}',
    tag: 'Machine groups',
    summary: 'Put a machine into a group',
    description:
      'It joins as soon as its running work has ended. Runs that wait for it come along to the queue of the group.',
    access: 'key',
    path: member(MACHINE),
    answers: [
      answer({ what: 'The group as it is now.' }, groupView, {
        ...view,
        machines: [{ ...backOffice, machine: MACHINE, name: 'front-desk' }, backOffice],
        waiting: 2,
      }),
      stillUnderWay(self),
    ],
    errors: ['GroupNotFound', 'MachineNotFound', 'GroupIsFull', 'SessionReuseNotPossible', 'MachineIsMoving'],
  },
  {
    name: 'remove-member',
    method: 'DELETE',
    route: 'machine-groups/{group}/machines/{machine}',
    tag: 'Machine groups',
    summary: 'Take a machine out of a group',
    description:
      'It goes back to a queue of its own as soon as its running work has ended, with the session setting that the group had.',
    access: 'key',
    path: member(MEMBER),
    answers: [
      answer({ what: 'The group as it is now.' }, groupView, { ...view, machines: [] }),
      stillUnderWay(self),
    ],
    errors: ['GroupNotFound', 'MachineNotFound', 'MachineIsMoving'],
  },
  {
    name: 'get-group-queue',
    method: 'GET',
    route: 'machine-groups/{group}/queue',
    tag: 'Machine groups',
    summary: 'Show the run queue of a machine group',
    description: 'Running, then waiting in the order of execution, each with why it waits now.',
    access: 'key',
    path: one,
    answers: [answer({ what: 'The queue as it is now.' }, queueView, queue)],
    errors: ['GroupNotFound'],
  },
  {
    name: 'patch-group-queue',
    method: 'PATCH',
    route: 'machine-groups/{group}/queue/{run}',
    tag: 'Machine groups',
    summary: 'Change the place of a waiting run',
    description:
      'Exactly one of `priority`, `position: top` and `undo: true` (back to where it was before it was moved to the top).',
    access: 'key',
    path: parameters(z.object({ group, run: desktopRunId.describe('Id of the desktop-flow run.') }), {
      group: GROUP,
      run: GROUP_RUN,
    }),
    body: jsonBody(queuePatch, { priority: 'high' }),
    answers: [answer({ what: 'The queue as it is now.' }, queueView, queue), stillUnderWay(`${self}/queue`)],
    errors: [...jsonBodyErrors, 'GroupNotFound', 'RunNotFound', 'RunNotQueued', 'RunNotOnTop'],
  },
];
