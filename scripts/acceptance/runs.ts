import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Case } from './case';
import type { Json, World } from './world';

/** Cloud flows, their runs, and what people do with them. */
export const runCases: readonly Case[] = [
  ['keys: without a key 401, agents without a signature 401', refusesStrangers],
  ['A5, A1: a run succeeds, with outputs, log and records', succeeds],
  ['A1: one idempotency key, one run', startsOnce],
  ['A5: a desktop flow that fails fails the run, with its error', fails],
  ['A7: a run that executes is cancelled', cancelsExecuting],
  ['A7: a run that waits is cancelled', cancelsWaiting],
  ['A6: a run is resubmitted', resubmits],
  ['control: a run is stopped', stops],
  ['Foreach, Scope, variables, If, Wait, Http', walksActions],
  ['Foreach of many rounds, two deep', walksLoops],
  ['B3: a connection is tested', testsConnection],
  ['A8: what a flow secures is neither shown nor kept in plain text', keepsSecrets],
];

async function refusesStrangers({ url }: World): Promise<void> {
  assert.equal((await fetch(`${url}/api/health`)).status, 200);
  assert.equal((await fetch(`${url}/api/openapi.json`)).status, 200);
  assert.equal((await fetch(`${url}/api/runs`)).status, 401);
  assert.equal((await fetch(`${url}/api/runs`, { headers: { 'x-functions-key': 'wrong' } })).status, 401);
  const lease = await fetch(`${url}/api/agent/lease`, { method: 'POST', body: '{}' });
  assert.equal(lease.status, 401);
  assert.match(lease.headers.get('content-type') ?? '', /problem\+json/);
}

async function succeeds(world: World): Promise<void> {
  const flow = await world.flow(
    'greet',
    { Work: world.action('acc-quick', 'one') },
    { outputs: { word: "@outputs('Work')?['word']" } },
  );
  const run = await world.run(flow);
  const view = await world.ended(run);
  assert.equal(view['status'], 'Succeeded', JSON.stringify(view));
  assert.deepEqual(view['outputs'], { word: 'done' });
  const { lines } = await world.get(`runs/${run}-1/logs`);
  assert.deepEqual(
    (lines as { text: string }[]).map(({ text }) => text).filter((text) => text === 'one line'),
    ['one line'],
  );
  const { actions } = await world.get(`runs/${run}/actions`);
  assert.equal((actions as { status: string }[])[0]?.status, 'Succeeded');
  const { runs } = await world.get(`runs?flow=${flow}`);
  assert.deepEqual(
    (runs as { run: string; status: string }[]).map((row) => [row.run, row.status]),
    [[run, 'Succeeded']],
  );
}

async function startsOnce(world: World): Promise<void> {
  const flow = await world.flow('once', { Note: { type: 'Compose', inputs: 1 } });
  const [first, second] = await Promise.all([world.run(flow, {}, 'k-1'), world.run(flow, {}, 'k-1')]);
  assert.equal(first, second);
  assert.equal((await world.ended(first))['status'], 'Succeeded');
}

async function fails(world: World): Promise<void> {
  const flow = await world.flow('broken', { Work: world.action('acc-broken', 'one') });
  const view = await world.ended(await world.run(flow));
  assert.equal(view['status'], 'Failed');
  const [child] = view['children'] as { error: { code: string; details?: string } }[];
  assert.equal(child?.error.code, 'DesktopFlowFailed');
}

/** Starts a run that does not end by itself, and waits until it executes. */
async function endless(world: World, machine: string): Promise<string> {
  const flow = await world.flow('endless', { Work: world.action('acc-endless', machine) });
  const run = await world.run(flow);
  await world.until(
    'the run to execute',
    async () => (await world.get(`runs/${run}-1`).catch((): Json => ({})))['status'] === 'Running',
  );
  return run;
}

async function cancelsExecuting(world: World): Promise<void> {
  const run = await endless(world, 'one');
  await world.post(`runs/${run}/cancel`);
  assert.equal((await world.ended(run, 90_000))['status'], 'Cancelled');
  await world.until('the machine to be free', async () => {
    const { running } = await world.get(`machines/${world.machine('one')}/queue`);
    return (running as unknown[]).length === 0;
  });
}

async function cancelsWaiting(world: World): Promise<void> {
  const flow = await world.flow('waits', { Work: world.action('acc-quick', 'away') });
  const run = await world.run(flow);
  await world.until('the run to wait', async () => (await world.waiting('away')).includes(`${run}-1`));
  await world.post(`runs/${run}/cancel`, { reason: 'no longer wanted' });
  assert.equal((await world.ended(run))['status'], 'Cancelled');
  await world.until('its place to be gone', async () => !(await world.waiting('away')).includes(`${run}-1`));
}

async function resubmits(world: World): Promise<void> {
  const flow = await world.flow(
    'echo',
    { Echo: { type: 'Compose', inputs: "@triggerBody()?['word']" } },
    { outputs: { word: "@outputs('Echo')" } },
  );
  const run = await world.run(flow, { word: 'again' });
  await world.ended(run);
  const { run: second } = await world.post(`runs/${run}/resubmit`);
  const view = await world.ended(String(second));
  assert.deepEqual(view['outputs'], { word: 'again' });
  assert.equal(view['resubmittedFrom'], run);
}

async function stops(world: World): Promise<void> {
  const run = await endless(world, 'two');
  await world.post(`runs/${run}/stop`, { mode: 'kill' });
  const view = await world.ended(run, 90_000);
  assert.match(String(view['status']), /Cancelled|Failed/);
}

async function walksActions(world: World): Promise<void> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ asked: request.url }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/here`;
    const after = (name: string): Json => ({ runAfter: { [name]: ['Succeeded'] } });
    const flow = await world.flow(
      'walk',
      {
        Begin: {
          type: 'InitializeVariable',
          inputs: { variables: [{ name: 'sum', type: 'integer', value: 0 }] },
        },
        Each: {
          type: 'Foreach',
          foreach: "@triggerBody()?['numbers']",
          runtimeConfiguration: { concurrency: { repetitions: 1 } },
          actions: { Add: { type: 'IncrementVariable', inputs: { name: 'sum', value: "@items('Each')" } } },
          ...after('Begin'),
        },
        Ask: { type: 'Http', inputs: { method: 'GET', uri }, ...after('Each') },
        Rest: { type: 'Wait', inputs: { interval: { count: 1, unit: 'Second' } }, ...after('Ask') },
        Judge: {
          type: 'If',
          expression: "@greater(variables('sum'), 5)",
          actions: { Large: { type: 'Compose', inputs: 'large' } },
          else: { actions: { Small: { type: 'Compose', inputs: 'small' } } },
          ...after('Rest'),
        },
      },
      { outputs: { sum: "@variables('sum')", asked: "@body('Ask')?['asked']", size: "@outputs('Large')" } },
    );
    const view = await world.ended(await world.run(flow, { numbers: [1, 2, 3] }));
    assert.deepEqual(view['outputs'], { sum: 6, asked: '/here', size: 'large' }, JSON.stringify(view));
  } finally {
    server.close();
  }
}

async function walksLoops(world: World): Promise<void> {
  const flow = await world.flow('loops', {
    Outer: {
      type: 'Foreach',
      foreach: '@range(0, 40)',
      actions: {
        Inner: {
          type: 'Foreach',
          foreach: '@range(0, 3)',
          actions: { Product: { type: 'Compose', inputs: "@mul(items('Outer'), items('Inner'))" } },
        },
      },
    },
  });
  const view = await world.ended(await world.run(flow), 180_000);
  assert.equal(view['status'], 'Succeeded', JSON.stringify(view).slice(0, 2_000));
}

async function testsConnection(world: World): Promise<void> {
  let view = await world.post(`connections/${world.name('one')}/test`);
  const { self } = view['links'] as { self: string };
  await world.until('the test of the connection', async () => {
    view = (await world.api.call('GET', self)) as Json;
    return view['status'] === 'done';
  });
  assert.equal(view['ok'], true, JSON.stringify(view));
}

async function keepsSecrets(world: World): Promise<void> {
  const secret = `planted-${world.mark}`;
  const secure = { runtimeConfiguration: { secureData: { properties: ['inputs', 'outputs'] } } };
  const flow = await world.flow(
    'secured',
    {
      Join: { type: 'Compose', inputs: "@concat(triggerBody()?['token'],'!')", ...secure },
      Choose: {
        type: 'If',
        expression: { equals: ["@length(outputs('Join'))", secret.length + 1] },
        actions: { Work: world.action('acc-quick', 'one', { inputs: { token: "@outputs('Join')" } }) },
        runAfter: { Join: ['Succeeded'] },
      },
    },
    {
      triggers: {
        button: { type: 'Request', runtimeConfiguration: { secureData: { properties: ['inputs'] } } },
      },
    },
  );
  const run = await world.run(flow, { token: secret });
  const view = await world.ended(run);
  assert.equal(view['status'], 'Succeeded', JSON.stringify(view));
  const children = view['children'] as { run: string }[];
  assert.equal(children.length, 1, 'what was secured is read right');
  const shown = [view, await world.get(`runs/${run}/actions`), await world.get(`runs/${children[0]?.run}`)];
  assert.doesNotMatch(JSON.stringify(shown), new RegExp(secret));
  for (const id of [run, ...children.map((child) => child.run)]) {
    const history = await fetch(
      `${world.url}/runtime/webhooks/durabletask/instances/${id}?showHistory=true&showHistoryOutput=true&code=${encodeURIComponent(world.key)}`,
    );
    // A key of the host alone does not open the histories.
    if (history.status !== 401) assert.doesNotMatch(await history.text(), new RegExp(secret));
  }
}
