import { z } from 'zod';
import { type QueueView, queueView } from '../api-machines';
import { desktopRunId, machineId } from '../ids';
import { queuePatch, releaseBody } from '../queues';
import { DESKTOP_RUN, MACHINE, NOW, REQUESTED } from './examples';
import { machine } from './machine-operations';
import { answer, jsonBody, jsonBodyErrors, type Operation, parameters } from './operation';
import { stillUnderWay } from './under-way';

const self = `/api/machines/${MACHINE}/queue`;

const empty: QueueView = {
  queue: MACHINE,
  at: NOW,
  change: 4,
  settings: { reuseSession: true, strictOrder: false, maxEntries: 500, maintenance: false },
  running: [],
  waiting: [],
  machines: [{ machine: MACHINE, online: false, maintenance: false, slots: 2, runs: [] }],
};
const withRun: QueueView = {
  ...empty,
  waiting: [
    {
      run: DESKTOP_RUN,
      desktopFlow: 'invoices',
      priority: 'high',
      mode: 'unattended',
      requestedBy: 'owner',
      requestedAt: REQUESTED,
      position: 1,
      next: false,
      movedToTop: false,
      deadline: '2026-03-02T11:00:00.000Z',
      reason: { why: 'offline', machines: [MACHINE] },
    },
  ],
};

export const queueOperations: readonly Operation[] = [
  {
    name: 'get-machine-queue',
    method: 'GET',
    route: 'machines/{machine}/queue',
    tag: 'Machines',
    summary: 'Show the run queue of a machine',
    description: 'Running, then waiting in the order of execution, each with why it waits now.',
    access: 'key',
    path: machine,
    answers: [answer({ what: 'The queue as it is now.' }, queueView, withRun)],
    errors: ['MachineNotFound'],
  },
  {
    name: 'patch-machine-queue',
    method: 'PATCH',
    route: 'machines/{machine}/queue/{run}',
    tag: 'Machines',
    summary: 'Change the place of a waiting run',
    description:
      'Exactly one of `priority`, `position: top` and `undo: true` (back to where it was before it was moved to the top).',
    access: 'key',
    path: parameters(
      z.object({
        machine: machineId.describe('Id of the machine.'),
        run: desktopRunId.describe('Id of the desktop-flow run.'),
      }),
      { machine: MACHINE, run: DESKTOP_RUN },
    ),
    body: jsonBody(queuePatch, { priority: 'high' }),
    answers: [answer({ what: 'The queue as it is now.' }, queueView, withRun), stillUnderWay(self)],
    errors: [...jsonBodyErrors, 'MachineNotFound', 'RunNotFound', 'RunNotQueued', 'RunNotOnTop'],
  },
  {
    name: 'release-machine',
    method: 'POST',
    route: 'machines/{machine}/queue/release',
    tag: 'Machines',
    summary: 'Free a machine by hand',
    description: 'Its runs end and its agent is told to stop them.',
    access: 'key',
    path: machine,
    body: jsonBody(releaseBody, { reason: 'The program hangs and nobody can reach the machine.' }),
    answers: [answer({ what: 'The queue as it is now.' }, queueView, empty), stillUnderWay(self)],
    errors: [...jsonBodyErrors, 'MachineNotFound', 'MachineIsMoving'],
  },
];
