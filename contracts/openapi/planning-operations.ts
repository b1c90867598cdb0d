import { planningQuery, planningView, type PlanningView } from '../planning';
import { MACHINE } from './examples';
import { answer, type Operation, parameters } from './operation';

const view: PlanningView = {
  from: '2026-03-02T08:00:00.000Z',
  to: '2026-03-02T09:00:00.000Z',
  queues: [
    {
      queue: MACHINE,
      name: 'front-desk',
      machines: 1,
      hours: [
        {
          at: '2026-03-02T08:00:00.000Z',
          busyMinutes: 75,
          capacityMinutes: 60,
          overbooked: true,
          flows: [{ flow: 'invoices', desktopFlow: 'enter-invoices', starts: 5, busyMinutes: 75 }],
        },
      ],
      quietest: ['2026-03-02T08:00:00.000Z'],
    },
  ],
  unplanned: [],
};

export const planningOperations: readonly Operation[] = [
  {
    name: 'get-planning',
    method: 'GET',
    route: 'planning',
    tag: 'Capacity',
    summary: 'Show the load that schedules put on each machine and group, hour by hour',
    description:
      'How long a run takes is told from the latest runs of its desktop flow. Runs that are started by people or events are not in it.',
    access: 'key',
    query: parameters(planningQuery, { hours: 24 }),
    answers: [answer({ what: 'The load of each hour.' }, planningView, view)],
    errors: ['InvalidQuery'],
  },
];
