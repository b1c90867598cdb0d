import { capacityBody, type CapacityView, capacityView } from '../capacity';
import { answer, jsonBody, jsonBodyErrors, type Operation } from './operation';
import { stillUnderWay } from './under-way';

const view: CapacityView = { bots: 4, lent: 0, wanted: 0, utilisation: 0, days: [], queues: [] };

export const capacityOperations: readonly Operation[] = [
  {
    name: 'get-capacity',
    method: 'GET',
    route: 'capacity',
    tag: 'Capacity',
    summary: 'Show how many unattended bots there are and how they are used',
    access: 'key',
    answers: [answer({ what: 'The capacity as it is now.' }, capacityView, view)],
    errors: [],
  },
  {
    name: 'put-capacity',
    method: 'PUT',
    route: 'capacity',
    tag: 'Capacity',
    summary: 'Set the number of unattended bots',
    description: '`null`: no limit. Runs that go on keep their bots, also when there are fewer now.',
    access: 'key',
    body: jsonBody(capacityBody, { bots: 4 }),
    answers: [
      answer({ what: 'The capacity as it is now.' }, capacityView, view),
      stillUnderWay('/api/capacity'),
    ],
    errors: jsonBodyErrors,
  },
];
