import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import { SECOND } from '../support/runs';

let rig: AppRig;

beforeEach(() => {
  // A Functions host gives the app its settings in the environment.
  process.env['ATTENDANT_EVENT_QUEUE'] = 'orders';
  process.env['ATTENDANT_EVENT_TOPIC'] = 'shop';
  process.env['ATTENDANT_EVENT_STORAGE_QUEUE'] = 'kept';
  rig = startApp();
});
afterEach(() => {
  for (const kind of ['QUEUE', 'TOPIC', 'STORAGE_QUEUE']) delete process.env[`ATTENDANT_EVENT_${kind}`];
  return rig.close();
});

/** A flow that ends as the data of its event say. */
async function put(name: string, source: string): Promise<void> {
  const answer = await api(rig, 'PUT', `flows/${name}`, {
    name,
    triggers: { order: { type: 'Event', inputs: { source } } },
    actions: {
      End: {
        type: 'Switch',
        expression: "@triggerBody()?['data']?['ends']",
        cases: {
          badly: {
            case: 'badly',
            actions: { Fail: { type: 'Terminate', inputs: { runStatus: 'Failed' } } },
          },
        },
      },
    },
  });
  expect(answer.status).toBe(200);
}

const event = (id: string, ends = 'well'): object => ({
  specversion: '1.0',
  id,
  source: '/shop',
  type: 'order.created',
  data: { ends },
});

async function runs(flow: string): Promise<string[]> {
  const { body } = await api(rig, 'GET', 'runs', undefined, { query: { flow, top: '50' } });
  return (body['runs'] as { status: string }[]).map(({ status }) => status);
}

test('A3: events of a topic and of a queue of the storage account start the flows of their source, each once', async () => {
  await put('bus', 'service-bus');
  await put('kept', 'storage-queue');
  for (const id of ['1', '1', '2']) await rig.invoke('receive-topic-events', event(id));
  // By queue and topic came the same event.
  await rig.invoke('receive-queued-events', event('2'));
  for (const id of ['1', '1']) await rig.invoke('receive-stored-events', event(id));
  expect(await runs('bus')).toEqual(['Succeeded', 'Succeeded']);
  expect(await runs('kept')).toEqual(['Succeeded']);
});

test('A3: events of Event Grid and of the Service Bus queue start the flows of their source, each once', async () => {
  await put('grid', 'event-grid');
  await put('queue', 'service-bus');
  const blob = {
    id: '1',
    topic: '/accounts/a',
    subject: '/blobs/x.csv',
    eventType: 'Microsoft.Storage.BlobCreated',
    eventTime: '2026-01-05T08:00:00Z',
    data: {},
    dataVersion: '1',
  };
  await rig.invoke('receive-event-grid', blob);
  await rig.invoke('receive-event-grid', blob);
  await rig.invoke('receive-queued-events', [event('2'), event('3')]);
  await rig.invoke('receive-queued-events', event('3'));
  expect(await runs('grid')).toEqual(['Succeeded']);
  expect(await runs('queue')).toEqual(['Succeeded', 'Succeeded']);
  // Who delivers sees the error, delivers again and in the end sets it aside.
  await expect(rig.invoke('receive-queued-events', { order: 1 })).rejects.toThrow('This is no event');
});

test('A3: a flow is disabled when ten runs of its trigger have failed one after another, and can be enabled again', async () => {
  await put('f', 'event-grid');
  let id = 0;
  const fire = async (times: number, ends: string): Promise<void> => {
    for (let n = 0; n < times; n++) {
      await rig.advance(SECOND);
      await rig.invoke('receive-event-grid', event(`${++id}`, ends));
    }
  };
  const state = async () => (await api(rig, 'GET', 'flows/f')).body;
  await fire(9, 'badly');
  await fire(1, 'well');
  await fire(9, 'badly');
  expect((await state())['state']).toBe('enabled');
  await fire(1, 'badly');
  expect(await state()).toMatchObject({
    state: 'disabled',
    disabled: { reason: 'ConsecutiveFailures', by: 'attendant' },
  });
  await fire(1, 'well');
  expect(await runs('f')).toHaveLength(20);
  const { body } = await api(rig, 'GET', 'flows/f/triggers', undefined, { query: { top: '1' } });
  expect(body['triggers']).toMatchObject([{ outcome: 'skipped', reason: 'disabled' }]);

  expect((await api(rig, 'POST', 'flows/f/enable')).status).toBe(200);
  await fire(9, 'badly');
  expect((await state())['state']).toBe('enabled');
});
