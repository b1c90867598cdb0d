import type { InvocationContext } from '@azure/functions';
import type { Instances } from '../../../adapters/instances';
import type { CloudFlowRunInput } from '../../../domain/runs/run-inputs';
import { receiveDelivered } from '../../../functions/events/receive-delivered';
import { createInMemoryPorts, type InMemoryPorts } from '../../support/in-memory-ports';

const context = {} as InvocationContext;
const created = {
  id: '1',
  topic: '/subscriptions/s/storage',
  subject: '/blobs/a.csv',
  eventType: 'Microsoft.Storage.BlobCreated',
  eventTime: '2026-01-05T08:00:00Z',
  dataVersion: '1',
  data: { url: 'https://s.example/a.csv' },
};
const order = { specversion: '1.0', id: '7', source: 'shop', type: 'order.created', data: { n: 1 } };

describe('A3: events that are delivered to the app', () => {
  let ports: InMemoryPorts;
  let started: CloudFlowRunInput[];
  const receive = (source: 'event-grid' | 'service-bus', message: unknown) => {
    const instances = {
      start: async (_name: string, input: unknown, id = '') => {
        started.push(input as CloudFlowRunInput);
        return id;
      },
      stateOf: async (id: string) => (started.some(({ run }) => run === id) ? 'open' : 'none'),
    };
    return receiveDelivered(ports, () => instances as unknown as Instances, source)(message, context);
  };

  beforeEach(async () => {
    started = [];
    ports = createInMemoryPorts({ now: () => Date.UTC(2026, 0, 5, 8) });
    for (const source of ['event-grid', 'service-bus']) {
      await ports.flows.put({
        name: source,
        triggers: { came: { type: 'Event', inputs: { source } } },
        actions: { say: { type: 'Compose', inputs: 1 } },
      });
    }
  });

  it('by Event Grid start the flows of that source, once however often they come', async () => {
    await receive('event-grid', created);
    await receive('event-grid', created);
    expect(started).toMatchObject([
      {
        flow: 'event-grid',
        triggerBody: { id: '1', source: created.topic, type: created.eventType, data: created.data },
      },
    ]);
  });

  it('in a Service Bus queue start the flows of that source, one each for the events of a message', async () => {
    await receive('service-bus', [order, { ...order, id: '8' }]);
    expect(started.map(({ flow, triggerBody }) => [flow, (triggerBody as { id: string }).id])).toEqual([
      ['service-bus', '7'],
      ['service-bus', '8'],
    ]);
  });

  it('that are none fail, so that who delivers them keeps them apart', async () => {
    await expect(receive('service-bus', { id: '' })).rejects.toThrow('This is no event');
    expect(started).toEqual([]);
  });
});
