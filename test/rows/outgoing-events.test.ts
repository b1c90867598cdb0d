import { flowDefinition } from '../../contracts/flow-definition';
import { flowDisabledEvent } from '../../domain/outgoing-events/events';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import { HOUR, MINUTE, publishDesktopFlow, runId, SECOND } from '../support/runs';
import { TestAgent } from '../support/test-agent';
import { isGenuine, WebhookReceiver } from '../support/webhook-receiver';

let rig: AppRig;

const DAY = 24 * HOUR;
let receiver: WebhookReceiver;

beforeEach(async () => {
  rig = startApp();
  receiver = await WebhookReceiver.open();
});
afterEach(async () => {
  await rig.close();
  await receiver.close();
});

const deliver = () => rig.invoke('deliver-events', {});
const path = (name: string, rest = '') => `event-subscriptions/${name}${rest}`;

async function subscribe(name = 'erp', more: object = {}): Promise<string> {
  const answer = await api(rig, 'PUT', path(name), { url: receiver.url, ...more });
  expect(answer.status).toBe(201);
  return String(answer.body['secret']);
}

/** Passes time with the timer that delivers. */
async function pass(ms: number, step = 10 * MINUTE): Promise<void> {
  for (let left = ms; left > 0; left -= step) {
    await rig.advance(Math.min(step, left));
    await deliver();
  }
}

async function startFlow(
  number: number,
  actions: Record<string, unknown>,
  name = 'invoices',
): Promise<string> {
  const definition = flowDefinition.parse({ name, triggers: { manual: { type: 'Request' } }, actions });
  const { hash } = await rig.ports.flows.put(definition);
  const run = runId(number);
  const input = {
    run,
    flow: name,
    definition: hash,
    triggerBody: { secret: 'x' },
    startedBy: 'ann',
    trigger: 'Button',
  };
  await rig.start('cloud-flow-run', input, run);
  return run;
}

const compose = { Say: { type: 'Compose', inputs: 'hello' } };

async function deliveries(status: string, name = 'erp'): Promise<{ event: string; attempts: number }[]> {
  const { body } = await api(rig, 'GET', path(name, '/deliveries'), undefined, { query: { status } });
  return body['deliveries'] as { event: string; attempts: number }[];
}

test('L3: the life of a run, a machine and a flow is told as signed CloudEvents with stable ids', async () => {
  const secret = await subscribe();
  const agent = await TestAgent.register(rig);
  await agent.hello();
  await publishDesktopFlow(rig);
  const run = await startFlow(1, {
    Read: { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'machine-1' } },
  });
  await rig.advance(SECOND);
  const grant = await agent.startRun();
  await rig.advance(SECOND);
  await agent.succeed(grant);
  const disabled = flowDisabledEvent('invoices', rig.clock.now(), { reason: 'failed ten times' });
  await rig.ports.events.append(disabled);
  await deliver();
  expect(receiver.story.toSorted()).toEqual(
    [
      `machine.online machines/${agent.machine}`,
      `run.started runs/${run}`,
      `run.queued runs/${run}-1`,
      `run.started runs/${run}-1`,
      `run.succeeded runs/${run}-1`,
      `run.succeeded runs/${run}`,
      'flow.disabled flows/invoices',
    ].toSorted(),
  );
  expect(receiver.received.every((one) => isGenuine(one, secret, rig.clock.now()))).toBe(true);
  const child = receiver.received.find(({ event }) => event.type === 'attendant.run.queued');
  expect(child?.headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'webhook-id': child?.event.id,
  });
  expect(child?.event).toEqual({
    specversion: '1.0',
    id: `${Date.UTC(2026, 0, 5, 8)}-${run}-1-queued`,
    source: 'urn:attendant',
    type: 'attendant.run.queued',
    subject: `runs/${run}-1`,
    time: '2026-01-05T08:00:00.000Z',
    datacontenttype: 'application/json',
    sequence: `${Date.UTC(2026, 0, 5, 8)}0`,
    data: {
      run: `${run}-1`,
      kind: 'desktop',
      parent: run,
      flow: 'invoices',
      desktopFlow: 'invoices',
      machine: agent.machine,
      status: 'Queued',
      startedBy: 'ann',
      requestedAt: '2026-01-05T08:00:00.000Z',
      link: `/api/runs/${run}-1`,
    },
  });
  const ofChild = receiver.received.filter(({ event }) => event.subject === `runs/${run}-1`);
  expect(
    ofChild.toSorted((a, b) => (a.event.sequence < b.event.sequence ? -1 : 1)).map(({ event }) => event.type),
  ).toEqual(['queued', 'started', 'succeeded'].map((word) => `attendant.run.${word}`));
  await deliver();
  expect(receiver.received).toHaveLength(7);
});

test('L3: a failed, a cancelled and a timed-out run and a lost machine are told with their codes', async () => {
  await subscribe('erp', {
    types: ['failed', 'timedout', 'cancelled'].map((word) => `attendant.run.${word}`),
  });
  await subscribe('operations', { types: ['attendant.machine.offline'] });
  const agent = await TestAgent.register(rig);
  await agent.hello();
  const action = { type: 'DesktopFlow', inputs: { desktopFlow: 'none', connection: 'machine-1' } };
  await startFlow(1, { Read: action });
  await deliver();
  expect(receiver.received.map(({ event }) => event.data)).toEqual([
    expect.objectContaining({
      kind: 'desktop',
      status: 'Failed',
      error: expect.objectContaining({ code: 'DesktopFlowNotFound' }),
    }),
    expect.objectContaining({
      kind: 'cloud',
      status: 'Failed',
      error: expect.objectContaining({ code: 'DesktopFlowNotFound' }),
    }),
  ]);
  receiver.received.length = 0;
  await rig.live(3 * MINUTE);
  await deliver();
  expect(receiver.story).toEqual([`machine.offline machines/${agent.machine}`]);
  receiver.received.length = 0;
  await publishDesktopFlow(rig);
  const reading = { Read: { ...action, inputs: { desktopFlow: 'invoices', connection: 'machine-1' } } };
  await startFlow(2, reading);
  await rig.instances.raise(runId(2), 'inbox', { kind: 'cancel', by: 'ann' });
  await rig.idle();
  await startFlow(3, reading);
  await rig.advance(3 * HOUR + SECOND);
  await deliver();
  expect(receiver.story.toSorted()).toEqual(
    [
      `run.cancelled runs/${runId(2)}`,
      `run.cancelled runs/${runId(2)}-1`,
      `run.timedout runs/${runId(3)}`,
      `run.timedout runs/${runId(3)}-1`,
    ].toSorted(),
  );
});

test('L3: filters by type and flow; a disabled subscription is told nothing', async () => {
  await subscribe('types', { types: ['attendant.run.succeeded'] });
  await subscribe('flows', { flows: ['orders'] });
  await subscribe('off', { enabled: false });
  await startFlow(1, compose, 'invoices');
  await startFlow(2, compose, 'orders');
  await deliver();
  expect(receiver.story.toSorted()).toEqual(
    [
      `run.started runs/${runId(2)}`,
      `run.succeeded runs/${runId(1)}`,
      `run.succeeded runs/${runId(2)}`,
      `run.succeeded runs/${runId(2)}`,
    ].toSorted(),
  );
});

test('L3: a receiver that is away for two days gets everything when it is back', async () => {
  await subscribe();
  receiver.answer = 'none';
  await startFlow(1, compose);
  await deliver();
  const [first] = receiver.ids;
  await pass(2 * DAY, HOUR);
  const before = receiver.received.length;
  expect(before).toBeGreaterThan(8);
  const { body } = await api(rig, 'GET', path('erp'));
  expect(body['health']).toMatchObject({ failures: before, lastError: expect.any(String) });
  receiver.answer = 200;
  receiver.received.length = 0;
  await pass(DAY + HOUR, HOUR);
  expect(receiver.story.toSorted()).toEqual([
    `run.started runs/${runId(1)}`,
    `run.succeeded runs/${runId(1)}`,
  ]);
  expect(receiver.ids).toContain(first);
  expect((await api(rig, 'GET', path('erp'))).body['health']).toMatchObject({ failures: 0 });
});

test('L3: after three days a delivery is dead, is seen, and can be tried again by hand', async () => {
  await subscribe('erp', { types: ['attendant.run.succeeded'] });
  receiver.answer = 500;
  await startFlow(1, compose);
  await deliver();
  expect(await deliveries('waiting')).toMatchObject([
    { attempts: 1, status: 'waiting', lastError: 'The receiver answered 500.' },
  ]);
  await pass(4 * DAY, HOUR);
  expect(receiver.received).toHaveLength(11);
  expect(await deliveries('waiting')).toEqual([]);
  const [dead] = await deliveries('dead');
  expect(dead).toMatchObject({ attempts: 11, type: 'attendant.run.succeeded' });
  receiver.answer = 200;
  const again = await api(rig, 'POST', path('erp', `/deliveries/${dead?.event}/retry`));
  expect([again.status, again.body['status']]).toEqual([202, 'waiting']);
  await deliver();
  expect(receiver.ids.at(-1)).toBe(dead?.event);
  expect(await deliveries('dead')).toEqual([]);
  const once = await api(rig, 'POST', path('erp', `/deliveries/${dead?.event}/retry`));
  expect(once.body['code']).toBe('DeliveryNotFound');
});

test('L3: a crash between sending and taking off sends the same event again, under the same id', async () => {
  const secret = await subscribe('erp', { types: ['attendant.run.succeeded'] });
  await startFlow(1, compose);
  const { deliveries: store } = rig.ports;
  const { done } = store;
  store.done = () => Promise.reject(new Error('the process ended'));
  await deliver();
  expect(rig.warnings.join()).toContain('Events for erp are delivered later');
  store.done = done.bind(store);
  await rig.advance(10 * SECOND);
  await deliver();
  const [first, second] = receiver.received;
  expect(second?.event).toEqual(first?.event);
  expect(second && isGenuine(second, secret, rig.clock.now())).toBe(true);
  await deliver();
  expect(receiver.received).toHaveLength(2);
});

test('L3: a crash in mid fan-out loses no event', async () => {
  await subscribe();
  const run = await startFlow(1, compose);
  const { events } = rig.ports;
  const { settle } = events;
  events.settle = () => Promise.reject(new Error('the process ended'));
  await expect(deliver()).rejects.toThrow('the process ended');
  events.settle = settle.bind(events);
  await deliver();
  expect([...new Set(receiver.story)].toSorted()).toEqual([
    `run.started runs/${run}`,
    `run.succeeded runs/${run}`,
  ]);
});

test('L3: kept events are replayed from an id or an instant on', async () => {
  await subscribe('erp', { types: ['attendant.run.succeeded'] });
  for (const number of [1, 2, 3]) {
    await startFlow(number, compose);
    await rig.advance(DAY);
  }
  await deliver();
  const ids = receiver.ids.toSorted();
  expect(ids).toHaveLength(3);
  receiver.received.length = 0;
  const replay = (from: string) => api(rig, 'POST', path('erp', '/replay'), { from });
  const answer = await replay(ids[1] ?? '');
  expect([answer.status, answer.body['replaying']]).toEqual([202, true]);
  await deliver();
  expect(receiver.ids.toSorted()).toEqual(ids.slice(1));
  expect((await api(rig, 'GET', path('erp'))).body['replaying']).toBe(false);
  receiver.received.length = 0;
  await replay('2026-01-05T00:00:00.000Z');
  await deliver();
  expect(receiver.ids.toSorted()).toEqual(ids);
  expect((await replay('yesterday')).body['code']).toBe('InvalidBody');
});

test('L3: for a day after a rotation both secrets sign; a forged or an old message is told by its signature', async () => {
  const before = await subscribe('erp', { types: ['attendant.run.succeeded'] });
  const rotated = await api(rig, 'POST', path('erp', '/rotate-secret'), {});
  const after = String(rotated.body['secret']);
  expect(after).not.toBe(before);
  await startFlow(1, compose);
  await deliver();
  const [both] = receiver.received;
  if (!both) throw new Error('nothing came');
  const now = rig.clock.now();
  expect([before, after].map((secret) => isGenuine(both, secret, now))).toEqual([true, true]);
  const forged = { ...both, body: both.body.replace('Succeeded', 'Failed') };
  expect(isGenuine(forged, after, now)).toBe(false);
  expect(isGenuine(both, `whsec_${Buffer.alloc(32).toString('base64')}`, now)).toBe(false);
  expect(isGenuine(both, after, now + HOUR)).toBe(false);
  await rig.advance(DAY);
  await startFlow(2, compose);
  await deliver();
  const last = receiver.received.at(-1);
  expect([before, after].map((secret) => last && isGenuine(last, secret, rig.clock.now()))).toEqual([
    false,
    true,
  ]);
  expect(JSON.stringify((await api(rig, 'GET', path('erp'))).body)).not.toContain('whsec_');
  expect(JSON.stringify((await api(rig, 'GET', 'event-subscriptions')).body)).not.toContain('whsec_');
});

test('L3: a receiver that never answers delays no other', async () => {
  const slow = await WebhookReceiver.open();
  slow.answer = 'hang';
  const stuck = new Promise<void>((resolve) => (slow.onEvent = () => resolve()));
  const heard = new Promise<void>((resolve) => (receiver.onEvent = () => resolve()));
  await subscribe('fast', { types: ['attendant.run.succeeded'] });
  await api(rig, 'PUT', path('slow'), { url: slow.url });
  await startFlow(1, compose);
  const pass = deliver();
  await Promise.all([heard, stuck]);
  await slow.close();
  await pass;
  expect(receiver.received).toHaveLength(1);
});

test.each([
  ['an internal address', 'https://10.0.0.1/x'],
  ['the metadata service', 'https://169.254.169.254/metadata'],
  ['another scheme', 'ftp://example.org/'],
  ['no address', 'example'],
])('L3: %s is refused', async (_what, url) => {
  const answer = await api(rig, 'PUT', path('erp'), { url });
  expect([answer.status, answer.body['code']]).toEqual([400, 'InvalidBody']);
});

test('L3: what is wrong in a subscription is named; a removed one is told nothing more', async () => {
  const wrong = { url: receiver.url, types: ['attendant.run.exploded'], secret: 'whsec_c2hvcnQ=' };
  const answer = await api(rig, 'PUT', path('erp'), wrong);
  expect((answer.body['errors'] as { path: string }[]).map((error) => error.path)).toEqual([
    'types.0',
    'secret',
  ]);
  expect((await api(rig, 'PUT', path('Erp'), { url: receiver.url })).body['code']).toBe('InvalidBody');
  await subscribe();
  await startFlow(1, compose);
  expect((await api(rig, 'DELETE', path('erp'))).status).toBe(204);
  await deliver();
  expect(receiver.received).toEqual([]);
  expect((await api(rig, 'GET', path('erp'))).body['code']).toBe('SubscriptionNotFound');
});
