import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Case } from './case';
import type { Json, World } from './world';

/** What starts runs, and who is told of them. */
export const eventCases: readonly Case[] = [
  ['A2: a schedule starts runs', schedules],
  ['A3: events over HTTP start runs, once', takesEvents],
  ['A3: events from Event Grid start runs', takesEventGrid],
  ['L3: a subscriber is told, signed', tellsSubscribers],
  ['A4: a case of a business process runs its flows', runsProcesses],
];

const COMPOSE: Json = { Note: { type: 'Compose', inputs: '@triggerBody()' } };

async function runsOf(
  world: World,
  flow: string,
): Promise<{ run: string; trigger?: string; status: string }[]> {
  return (await world.get(`runs?flow=${flow}`))['runs'] as { run: string; status: string }[];
}

async function schedules(world: World): Promise<void> {
  const triggers = { often: { type: 'Recurrence', recurrence: { frequency: 'Second', interval: 30 } } };
  const flow = await world.flow('often', COMPOSE, { triggers });
  try {
    const [first] = await world.until(
      'two runs',
      async () => {
        const runs = await runsOf(world, flow);
        return runs.length >= 2 ? runs : undefined;
      },
      { withinMs: 130_000 },
    );
    assert.equal(first?.trigger, 'Recurrence');
    const { triggers: fired } = await world.get(`flows/${flow}/triggers`);
    assert.equal(
      (fired as { outcome: string }[]).filter(({ outcome }) => outcome === 'fired').length >= 2,
      true,
    );
  } finally {
    await world.send('DELETE', `flows/${flow}`);
  }
}

async function takesEvents(world: World): Promise<void> {
  const source = world.name('shop');
  const { address, secret } = await world.put(`event-sources/${source}`, {});
  const triggers = {
    order: { type: 'Event', inputs: { source, types: ['order.created'], data: { region: ['eu'] } } },
  };
  const flow = await world.flow('order', COMPOSE, { triggers });
  const send = async (id: string, region: string, token = secret): Promise<number> => {
    const event = { specversion: '1.0', source: '/shop', type: 'order.created', id, data: { region } };
    const answer = await fetch(`${world.url}${String(address)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${String(token)}`, 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify(event),
    });
    await answer.text();
    return answer.status;
  };
  assert.equal(await send('1', 'eu', 'wrong'), 401);
  assert.deepEqual([await send('1', 'eu'), await send('1', 'eu'), await send('2', 'us')], [202, 202, 202]);
  const runs = await world.until('a run', async () => {
    const found = await runsOf(world, flow);
    return found.length > 0 ? found : undefined;
  });
  assert.equal(runs.length, 1);
  const hello = await fetch(
    `${world.url}${String(address)}?access_token=${encodeURIComponent(String(secret))}`,
    {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'shop.example', 'webhook-request-rate': '10' },
    },
  );
  assert.equal(hello.status, 200);
  assert.equal(hello.headers.get('webhook-allowed-origin'), 'shop.example');
}

/** The address that Event Grid is given needs the extension's system key, which the master key opens. */
async function takesEventGrid(world: World): Promise<void> {
  const keys = await fetch(`${world.url}/admin/host/systemkeys/eventgrid_extension`, {
    headers: { 'x-functions-key': world.key },
  });
  const code = keys.ok ? ((await keys.json()) as { value: string }).value : world.key;
  const webhook = `${world.url}/runtime/webhooks/eventgrid?functionName=receive-event-grid&code=${encodeURIComponent(code)}`;
  const send = (type: string, events: Json[]): Promise<Response> =>
    fetch(webhook, {
      method: 'POST',
      headers: { 'aeg-event-type': type, 'content-type': 'application/json' },
      body: JSON.stringify(events),
    });
  const event = (eventType: string, data: Json): Json => ({
    id: world.mark,
    topic: '/subscriptions/s',
    subject: 'blobs/a.csv',
    eventType,
    eventTime: new Date().toISOString(),
    data,
    dataVersion: '1',
    metadataVersion: '1',
  });
  const greeting = await send('SubscriptionValidation', [
    event('Microsoft.EventGrid.SubscriptionValidationEvent', { validationCode: 'abc' }),
  ]);
  assert.equal(greeting.status, 200, await greeting.clone().text());
  assert.match(await greeting.text(), /abc/);
  const triggers = {
    blob: { type: 'Event', inputs: { source: 'event-grid', types: [`blob.${world.mark}`] } },
  };
  const flow = await world.flow('blob', COMPOSE, { triggers });
  const answer = await send('Notification', [
    event(`blob.${world.mark}`, { url: 'https://blobs.example/a.csv' }),
  ]);
  assert.ok(answer.status === 200 || answer.status === 202, String(answer.status));
  await world.until('a run', async () => (await runsOf(world, flow)).length === 1);
}

/** A receiver of events on a port of its own. */
class Receiver {
  readonly received: { headers: IncomingHttpHeaders; body: string }[] = [];
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      response.writeHead(204).end();
    });
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/events`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function tellsSubscribers(world: World): Promise<void> {
  const receiver = new Receiver();
  const name = world.name('told');
  const flow = await world.flow('telling', { Work: world.action('acc-quick', 'one') });
  try {
    const { secret } = await world.put(`event-subscriptions/${name}`, {
      url: await receiver.open(),
      flows: [flow],
    });
    // Events are noted from a second after the first subscription was made.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const run = await world.run(flow);
    await world.ended(run);
    const types = (): string[] =>
      receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    await world.until(
      'to be told',
      () => types().filter((type) => type === 'attendant.run.succeeded').length === 2,
      {
        withinMs: 100_000,
        evidence: () => types().join(),
      },
    );
    assert.ok(types().includes('attendant.run.queued'));
    for (const { headers, body } of receiver.received) {
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
      const key = Buffer.from(String(secret).replace('whsec_', ''), 'base64');
      assert.equal(
        headers['webhook-signature'],
        `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
      );
    }
  } finally {
    await world.send('DELETE', `event-subscriptions/${name}`);
    receiver.close();
  }
}

async function runsProcesses(world: World): Promise<void> {
  const flow = await world.flow('score', COMPOSE);
  const name = world.name('credit');
  await world.put(`processes/${name}`, {
    name,
    stages: [
      { name: 'intake', steps: [{ name: 'customer', required: true }] },
      { name: 'check', flows: [{ flow, on: 'entry', wait: true }] },
      { name: 'payout' },
    ],
  });
  const { id } = await world.post(`processes/${name}/cases`, { title: 'Ann', data: { customer: 'Ann' } });
  const path = `processes/${name}/cases/${String(id)}`;
  await world.post(`${path}/advance`, { reason: 'complete' });
  await world.until(
    'its flow to have run',
    async () => {
      const { missing, runs } = await world.get(path);
      return (missing as unknown[]).length === 0 && (runs as { state: string }[])[0]?.state === 'Succeeded';
    },
    { withinMs: 60_000 },
  );
  assert.equal((await world.post(`${path}/advance`))['stage'], 'payout');
  assert.equal((await world.post(`${path}/advance`))['state'], 'finished');
}
