import { z } from 'zod';
import { changesPage, type ChangeView } from '../changes';
import { desktopRunId, groupId, machineId } from '../ids';
import { MACHINE, NOW } from './examples';
import { answer, bytesAnswer, type Operation, parameters } from './operation';

const watched = {
  queue: z
    .union([machineId, groupId])
    .optional()
    .describe('Queue to watch: that of a machine or of a machine group.'),
  machine: machineId.optional().describe('Machine to watch, whichever queue it serves.'),
  run: desktopRunId.optional().describe('Desktop-flow run to watch.'),
};
const after = z.int().min(0).optional();
const watchErrors = ['InvalidQuery', 'MachineNotFound', 'GroupNotFound', 'RunNotFound'] as const;

const change: ChangeView = {
  queue: MACHINE,
  number: 1,
  at: NOW,
  change: { what: 'machine', machine: MACHINE, change: 'attached' },
};

export const feedOperations: readonly Operation[] = [
  {
    name: 'stream-changes',
    method: 'GET',
    route: 'stream',
    tag: 'Changes',
    summary: 'Follow the changes of a queue, a machine or a run',
    description:
      'Server-sent events; exactly one of `queue`, `machine` and `run` is given. There is none for a cloud flow: changes are numbered by queue, and the runs of a flow stand in several; follow them by `GET /api/runs?flow=` or by a subscription of outgoing events. An event `change` has the number of the change as its id and a Change as its data. With `view=queue` an event `queue` with the whole queue comes at once and after changes. Lines that begin with a colon only show that the connection lives.',
    access: 'key',
    query: parameters(
      z.object({
        ...watched,
        after: after.describe('Number of the change after which to begin. Absent: from now on.'),
        view: z.enum(['queue']).optional().describe('`queue`: also the whole queue after changes.'),
      }),
      { queue: MACHINE, after: 0 },
    ),
    headers: parameters(
      z.object({
        'Last-Event-ID': z
          .string()
          .optional()
          .describe('Id of the event that came last, after a connection broke; counts more than `after`.'),
      }),
      {},
    ),
    answers: [
      bytesAnswer(
        'Events, until the caller goes away.',
        'text/event-stream',
        `retry: 2000\n\nid: 1\nevent: change\ndata: ${JSON.stringify(change)}\n\n`,
      ),
    ],
    errors: watchErrors,
  },
  {
    name: 'list-changes',
    method: 'GET',
    route: 'changes',
    tag: 'Changes',
    summary: 'List the changes of a queue, a machine or a run',
    description:
      'Exactly one of `queue`, `machine` and `run` is given. With `wait` the answer waits for a change when there is none yet.',
    access: 'key',
    query: parameters(
      z.object({
        ...watched,
        after: after.describe('Number of the change after which to begin; 0 when absent.'),
        top: z.int().min(1).max(500).optional().describe('How many changes at most; 100 when absent.'),
        wait: z
          .string()
          .regex(/^\d{1,3}s?$/)
          .optional()
          .describe('Seconds to wait for a change, at most 60; not at all when absent.'),
      }),
      { queue: MACHINE, after: 0, top: 100, wait: '25s' },
    ),
    answers: [
      answer({ what: 'Changes, oldest first.' }, changesPage, {
        queue: MACHINE,
        changes: [change],
        next: 1,
      }),
    ],
    errors: watchErrors,
  },
];
