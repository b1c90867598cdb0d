import { changeFlowState } from '../../../adapters/flow-state';
import { newSecret, signatureHeaders } from '../../../functions/subscriptions/webhook-signature';
import { greetEventSender } from '../../../functions/events/greet-sender.http';
import { putEventSource } from '../../../functions/events/event-sources.http';
import { receiveEvents } from '../../../functions/events/receive-events.http';
import { createInMemoryPorts, type InMemoryPorts } from '../../support/in-memory-ports';
import { call, callDurable, FakeOrchestrations, type Answer, type Call } from '../api';

const NOW = Date.UTC(2026, 2, 2, 8);
const params = { source: 'shop' };

let now: number;
let ports: InMemoryPorts;
let client: FakeOrchestrations;
let secret: string;
let post: (request: Call) => Promise<Answer>;

async function putFlow(name: string, filter: object = {}): Promise<void> {
  await ports.flows.put({
    name,
    triggers: { order: { type: 'Event', inputs: { source: 'shop', ...filter } } },
    actions: { say: { type: 'Compose', inputs: 1 } },
  });
}

const event = (id: string, more: object = {}): object => ({
  specversion: '1.0',
  id,
  source: 'https://shop.example',
  type: 'order.created',
  subject: 'orders/17.csv',
  data: { region: 'eu', lines: [{ sku: 'a' }] },
  ...more,
});

/** What the trigger did, oldest first. */
async function history(flow: string): Promise<string[]> {
  const { entries } = await ports.triggerHistory.list(flow, { top: 100 });
  return entries.map(({ outcome, reason = '' }) => `${outcome} ${reason}`.trim()).reverse();
}

beforeEach(async () => {
  now = NOW;
  ports = createInMemoryPorts({ now: () => now });
  client = new FakeOrchestrations();
  const source = await call(putEventSource(ports), { method: 'PUT', params, body: {} });
  secret = String(source.body['secret']);
  const handler = receiveEvents(ports);
  post = (request) =>
    callDurable(handler, client, {
      params,
      ...request,
      headers: { authorization: `Bearer ${secret}`, ...request.headers },
    });
});

describe('A3: events over HTTP', () => {
  it('start every flow whose filter they fit, with the event as the input', async () => {
    await putFlow('all');
    await putFlow('eu-csv', {
      types: ['order.created', 'order.paid'],
      origin: 'https://shop.example',
      subject: { prefix: 'orders/', suffix: '.csv' },
      data: { region: ['eu', 'uk'], 'lines.0.sku': 'a' },
    });
    await putFlow('us', { data: { region: 'us' } });
    const answer = await post({ body: event('1') });
    expect(answer.status).toBe(202);
    const [first, second] = client.started.map(({ id }) => id);
    expect(answer.body).toEqual({
      events: [
        {
          id: '1',
          runs: [
            { flow: 'all', run: first },
            { flow: 'eu-csv', run: second },
          ],
        },
      ],
    });
    expect(client.started[0]?.input).toMatchObject({
      flow: 'all',
      trigger: 'Event',
      triggerBody: event('1'),
    });
    expect(await ports.triggerHistory.filtered('us')).toBe(1);
  });

  it.each([
    ['structured', { body: event('1') }],
    ['a batch', { body: [event('1')] }],
    [
      'binary',
      {
        body: { region: 'eu' },
        headers: {
          'content-type': 'application/json',
          'ce-specversion': '1.0',
          'ce-id': '1',
          'ce-source': 'https://shop.example',
          'ce-type': 'order%20made',
        },
      },
    ],
    [
      'Event Grid',
      {
        body: [
          {
            id: '1',
            topic: '/topics/t',
            subject: 's',
            eventType: 'Microsoft.Storage.BlobCreated',
            eventTime: '2026-03-02T08:00:00Z',
            data: { region: 'eu' },
            dataVersion: '1',
          },
        ],
      },
    ],
  ])('are taken as %s', async (_how, request) => {
    await putFlow('f', { data: { region: 'eu' } });
    expect((await post(request)).status).toBe(202);
    expect(client.started[0]?.input).toMatchObject({ triggerBody: { id: '1', data: { region: 'eu' } } });
  });

  it('L1: start a flow once, whoever repeats them, and say so', async () => {
    await putFlow('f');
    const first = await post({ body: [event('1'), event('1')] });
    now += 20 * 86_400_000;
    const again = await post({ body: event('1') });
    expect(client.started).toHaveLength(1);
    const run = client.started[0]?.id;
    const duplicate = { id: '1', runs: [{ flow: 'f', run, duplicate: true }] };
    expect(first.body['events']).toEqual([{ id: '1', runs: [{ flow: 'f', run }] }, duplicate]);
    expect(again.body['events']).toEqual([duplicate]);
    expect((await history('f')).sort()).toEqual(['fired', 'skipped duplicate', 'skipped duplicate']);
  });

  it('are not acknowledged before their runs are started: sent again a minute later, what a crash left is started', async () => {
    await putFlow('f');
    client.onStart = () => {
      throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
    };
    expect((await post({ body: event('1') })).status).toBe(503);
    client.onStart = () => undefined;
    expect((await post({ body: event('1') })).status).toBe(503);
    now += 60_000;
    expect((await post({ body: event('1') })).status).toBe(202);
    expect(client.started).toHaveLength(1);
  });

  it('start nothing of a disabled or deleted flow', async () => {
    await putFlow('f');
    await changeFlowState(ports, 'f', { to: 'disabled', by: 'owner', reason: 'ByPerson' });
    expect((await post({ body: event('1') })).status).toBe(202);
    expect(await history('f')).toEqual(['skipped disabled']);
    await changeFlowState(ports, 'f', { to: 'deleted', by: 'owner' });
    expect((await post({ body: event('2') })).status).toBe(202);
    expect(client.started).toEqual([]);
  });

  it('are all refused when one of them is wrong, with its path', async () => {
    await putFlow('f');
    const answer = await post({ body: [event('1'), event('2', { type: '' })] });
    expect([answer.status, answer.body['code']]).toEqual([400, 'InvalidBody']);
    expect(answer.body['errors']).toMatchObject([{ path: '1.type' }]);
    const large = await post({ body: event('3', { data: 'x'.repeat(200_000) }) });
    expect([large.status, large.body['code']]).toEqual([413, 'BodyTooLarge']);
    expect(client.started).toEqual([]);
  });

  it('10,000 in a burst of many requests, one in a hundred twice: each starts one run', async () => {
    await putFlow('f');
    const ids = Array.from({ length: 10_000 }, (_, n) => (n % 100 === 99 ? n - 1 : n));
    const batches = Array.from({ length: 100 }, (_, n) => ids.slice(n * 100, n * 100 + 100));
    const answers = await Promise.all(
      batches.map((batch) => post({ body: batch.map((id) => event(`${id}`)) })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const started = client.started.map(
      ({ input }) => (input as { triggerBody: { id: string } }).triggerBody.id,
    );
    expect(started).toHaveLength(9_900);
    expect(new Set(started).size).toBe(9_900);
  });
});

describe('A3: senders', () => {
  it('without the secret are refused, and nothing is changed', async () => {
    await putFlow('f');
    for (const headers of [{ authorization: 'Bearer wrong' }, { authorization: '' }]) {
      const answer = await post({ body: event('1'), headers });
      expect([answer.status, answer.body['code']]).toEqual([401, 'Unauthorized']);
    }
    const elsewhere = await post({ body: event('1'), params: { source: 'unknown' } });
    expect(elsewhere.status).toBe(401);
    expect(client.started).toEqual([]);
    expect(await history('f')).toEqual([]);
  });

  it('may show it in the query', async () => {
    const query = { access_token: secret };
    const answer = await post({ body: event('1'), query, headers: { authorization: '' } });
    expect(answer.status).toBe(202);
  });

  it('sign what they send, where the source wants it: forged, altered and recorded signatures are refused', async () => {
    const put = await call(putEventSource(ports), { method: 'PUT', params, body: { auth: 'signature' } });
    secret = String(put.body['secret']);
    await putFlow('f');
    const body = JSON.stringify(event('1'));
    const signed = (by: string, atMs: number): Record<string, string> =>
      signatureHeaders({ id: 'm', body }, { current: by }, atMs);
    const refused = [
      await post({ body, headers: {} }),
      await post({ body, headers: signed(newSecret(), now) }),
      await post({ body: `${body} `, headers: signed(secret, now) }),
      await post({ body, headers: signed(secret, now - 301_000) }),
      await post({ body, headers: { ...signed(secret, now), 'webhook-timestamp': 'now' } }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(client.started).toEqual([]);
    expect((await post({ body, headers: signed(secret, now) })).status).toBe(202);
    expect(client.started).toHaveLength(1);
  });

  it('are answered when they ask whether their events are wanted', async () => {
    const headers = { authorization: `Bearer ${secret}`, 'webhook-request-origin': 'shop.example' };
    const greeted = await call(greetEventSender(ports), { method: 'OPTIONS', params, headers });
    expect(greeted.status).toBe(200);
    expect(greeted.headers.get('webhook-allowed-origin')).toBe('shop.example');
    const validation = await post({
      body: [
        {
          id: '1',
          topic: '/t',
          subject: '',
          eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
          eventTime: '2026-03-02T08:00:00Z',
          data: { validationCode: 'abc' },
        },
      ],
    });
    expect([validation.status, validation.body]).toEqual([200, { validationResponse: 'abc' }]);
  });
});
