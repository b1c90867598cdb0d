import assert from 'node:assert/strict';
import type { Case } from './case';
import type { Json, World } from './world';

/** Run queues, groups of machines, capacity. */
export const queueCases: readonly Case[] = [
  ['F1, F3, F5, F6: order by priority and age, changed priority, to the top', ordersByPriority],
  ['F7: a run waits no longer than it may', timesOut],
  ['F8: maintenance holds runs back', holdsInMaintenance],
  ['B2: a machine joins a group, works there and leaves', movesMachines],
  ['B4: a pinned run of a group', pinsRuns],
  ['H1: unattended runs wait for bots', lendsBots],
  ['F4: the feed tells of changes, as a stream and by long poll', tellsOfChanges],
];

async function start(world: World, flow: string, count: number): Promise<string[]> {
  const runs: string[] = [];
  for (let i = 0; i < count; i++) runs.push(await world.run(flow));
  return runs;
}

async function allSucceed(world: World, runs: readonly string[]): Promise<void> {
  for (const run of runs) assert.equal((await world.ended(run, 120_000))['status'], 'Succeeded');
}

async function ordersByPriority(world: World): Promise<void> {
  const machine = world.machine('one');
  const of = (priority: string): Promise<string> =>
    world.flow(`order-${priority}`, {
      Work: world.action(priority === 'first' ? 'acc-slow' : 'acc-quick', 'one', {
        priority: priority === 'first' ? 'normal' : priority,
      }),
    });
  const [first, low, normal, high] = [
    await of('first'),
    await of('low'),
    await of('normal'),
    await of('high'),
  ];
  // Maintenance, so that nothing is started before all of them wait.
  await world.send('PATCH', `machines/${machine}`, { maintenance: true });
  const [a] = await start(world, first, 1);
  const [b, c] = await start(world, low, 2);
  const [d] = await start(world, normal, 1);
  const [e] = await start(world, high, 1);
  const order = (): Promise<string[]> => world.waiting('one');
  await world.until('all to wait', async () => (await order()).length === 5);
  assert.deepEqual(
    await order(),
    [e, a, d, b, c].map((run) => `${run}-1`),
  );
  await world.send('PATCH', `machines/${machine}/queue/${c}-1`, { position: 'top' });
  await world.send('PATCH', `machines/${machine}/queue/${b}-1`, { priority: 'high' });
  await world.until(
    'the new order',
    async () => JSON.stringify(await order()) === JSON.stringify([c, b, e, a, d].map((run) => `${run}-1`)),
    {
      evidence: () => `wanted ${[c, b, e, a, d].join()}`,
    },
  );
  await world.send('PATCH', `machines/${machine}`, { maintenance: false });
  const runs = [c, b, e, a, d].map(String);
  await allSucceed(world, runs);
  const startedAt = await Promise.all(
    runs.map(async (run) => {
      const { requestedAt, waitedMs } = await world.get(`runs/${run}-1`);
      return Date.parse(String(requestedAt)) + Number(waitedMs);
    }),
  );
  assert.deepEqual(
    startedAt,
    startedAt.toSorted((x, y) => x - y),
  );
}

async function timesOut(world: World): Promise<void> {
  const flow = await world.flow('impatient', {
    Work: world.action('acc-quick', 'away', { queueTimeout: 'PT3S' }),
  });
  const view = await world.ended(await world.run(flow));
  assert.equal(view['status'], 'TimedOut', JSON.stringify(view));
  const [child] = view['children'] as { error: { code: string } }[];
  assert.equal(child?.error.code, 'NoCandidateMachine');
}

async function holdsInMaintenance(world: World): Promise<void> {
  const machine = world.machine('two');
  await world.send('PATCH', `machines/${machine}`, { maintenance: true });
  const flow = await world.flow('held', { Work: world.action('acc-quick', 'two') });
  const run = await world.run(flow);
  await world.until('the run to wait', async () => (await world.waiting('two')).includes(`${run}-1`));
  const { waiting } = await world.get(`machines/${machine}/queue`);
  assert.match(JSON.stringify(waiting), /aintenance/);
  await world.send('PATCH', `machines/${machine}`, { maintenance: false });
  await allSucceed(world, [run]);
}

interface Group {
  id: string;
  members: () => Promise<string[]>;
}

async function group(world: World, what: string): Promise<Group> {
  const { id } = await world.post('machine-groups', { name: world.name(what) });
  const members = async (): Promise<string[]> => {
    const { machines } = await world.get(`machine-groups/${String(id)}`);
    return (machines as { machine: string; moving?: string }[])
      .filter(({ moving }) => !moving)
      .map(({ machine }) => machine);
  };
  return { id: String(id), members };
}

async function movesMachines(world: World): Promise<void> {
  const { id, members } = await group(world, 'moves');
  const machine = world.machine('two');
  const target = world.name('moves');
  await world.put(`connections/${target}`, { target: { kind: 'group', id }, user: 'robot' });
  const flow = await world.flow('moves', { Work: world.action('acc-quick', 'moves') });
  await world.put(`machine-groups/${id}/machines/${machine}`);
  await world.until('the machine to have joined', async () => (await members()).includes(machine), {
    withinMs: 60_000,
  });
  await allSucceed(world, await start(world, flow, 2));
  await world.send('DELETE', `machine-groups/${id}/machines/${machine}`);
  await world.until('the machine to have left', async () => (await members()).length === 0, {
    withinMs: 60_000,
  });
  const own = await world.flow('own', { Work: world.action('acc-quick', 'two') });
  await allSucceed(world, await start(world, own, 1));
  await world.send('DELETE', `machine-groups/${id}`);
}

async function pinsRuns(world: World): Promise<void> {
  const { id, members } = await group(world, 'pins');
  const machine = world.machine('two');
  await world.put(`machine-groups/${id}/machines/${machine}`);
  await world.until('the machine to have joined', async () => (await members()).includes(machine), {
    withinMs: 60_000,
  });
  await world.put(`connections/${world.name('pins')}`, {
    target: { kind: 'group', id, pinned: machine },
    user: 'robot',
  });
  const flow = await world.flow('pins', { Work: world.action('acc-quick', 'pins') });
  const [run] = await start(world, flow, 1);
  await allSucceed(world, [String(run)]);
  assert.equal((await world.get(`runs/${run}-1`))['machine'], machine);
  await world.send('DELETE', `machine-groups/${id}/machines/${machine}`);
  await world.until('the machine to have left', async () => (await members()).length === 0, {
    withinMs: 60_000,
  });
}

async function lendsBots(world: World): Promise<void> {
  const before = (await world.get('capacity'))['bots'] as number | null;
  await world.put('capacity', { bots: 1 });
  try {
    await world.until('one bot', async () => (await world.get('capacity'))['bots'] === 1);
    await world.put(`connections/${world.name('helper')}`, {
      target: { kind: 'machine', id: world.machine('bots') },
      user: 'helper',
    });
    const flows = [
      await world.flow('bots-1', { Work: world.action('acc-slow', 'bots') }),
      await world.flow('bots-2', { Work: world.action('acc-slow', 'helper') }),
    ];
    const runs = await Promise.all(flows.map((flow) => world.run(flow)));
    let most = 0;
    await world.until(
      'both to end',
      async () => {
        const { running } = await world.get(`machines/${world.machine('bots')}/queue`);
        most = Math.max(most, (running as unknown[]).length);
        const views = await Promise.all(runs.map((run) => world.get(`runs/${run}`)));
        return views.every(({ status }) => status === 'Succeeded');
      },
      { withinMs: 120_000 },
    );
    assert.equal(most, 1);
  } finally {
    await world.put('capacity', { bots: before });
    await world.until('the old number of bots', async () => (await world.get('capacity'))['bots'] === before);
  }
}

async function tellsOfChanges(world: World): Promise<void> {
  const machine = world.machine('one');
  const giveUp = new AbortController();
  const answer = await fetch(`${world.url}/api/stream?machine=${machine}&view=queue`, {
    headers: { 'x-functions-key': world.key },
    signal: giveUp.signal,
  });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/);
  let text = '';
  const reading = (async () => {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString('utf8');
  })().catch(() => undefined);
  await world.until('the queue at once', () => text.includes('event: queue'));
  const flow = await world.flow('told', { Work: world.action('acc-quick', 'one') });
  const run = await world.run(flow);
  await allSucceed(world, [run]);
  await world.until('its changes', () => text.includes('event: change') && text.includes(`${run}-1`), {
    evidence: () => text,
  });
  giveUp.abort();
  await reading;
  const page = await world.get(`changes?run=${run}-1&after=0`);
  const changes = page['changes'] as { number: number; change: Json }[];
  assert.ok(changes.length > 0);
  assert.deepEqual(
    changes.map(({ number }) => number),
    changes.map(({ number }) => number).sort((x, y) => x - y),
  );
}
