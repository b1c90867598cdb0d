import { ulid } from 'ulid';
import { artifactKey } from '../../adapters/blobs/blob-keys';
import { flowDefinition } from '../../contracts/flow-definition';
import { startClaimed } from '../../functions/flows/start-flow-run';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import { HOUR, MINUTE, publishDesktopFlow } from '../support/runs';
import { TestAgent } from '../support/test-agent';

const DAY = 24 * HOUR;

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await agent.hello();
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

const desktop = { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'machine-1' } };
const say = { type: 'Compose', inputs: 'x'.repeat(20_000) };
/** A long value, a loop, a scope in each round, a desktop flow: something of every kind that a run leaves behind. */
const everything = {
  Say: say,
  Each: {
    type: 'Foreach',
    foreach: '@createArray(1, 2, 3)',
    actions: { Inside: { type: 'Scope', actions: { Say_it: { type: 'Compose', inputs: 1 } } } },
  },
  Read: desktop,
};
const wait = (days: number) => ({
  Wait: { type: 'Wait', inputs: { interval: { count: days, unit: 'Day' } } },
});

async function start(actions: Record<string, unknown>): Promise<string> {
  const flow = flowDefinition.parse({ name: 'flow', triggers: { manual: { type: 'Request' } }, actions });
  const { hash } = await rig.ports.flows.put(flow);
  const run = ulid(rig.clock.now());
  const input = { run, flow: 'flow', definition: hash, triggerBody: {}, startedBy: 'ann', trigger: 'Button' };
  await rig.start('cloud-flow-run', input, run);
  return run;
}

/** A run of `everything` that has ended, with an artifact and log lines of its desktop flow. */
async function endedRun(): Promise<string> {
  await agent.hello();
  const run = await start(everything);
  await rig.ports.blobs.put(artifactKey(`${run}-1`, 'report.csv'), Buffer.from('a'));
  const grant = await agent.startRun();
  await rig.ports.runLogs.progress(`${run}-1`, { action: 'open', atMs: rig.clock.now() });
  await agent.succeed(grant);
  expect((await show(run)).body).toMatchObject({ status: 'Succeeded' });
  return run;
}

const show = (run: string) => api(rig, 'GET', `runs/${run}`);
const purge = () => rig.tick('purge-history');

/** All that is left of the run, in words. */
async function traces(run: string): Promise<string[]> {
  const { ports, instances } = rig;
  const blobs = await ports.blobs.list(`runs/${run}`);
  const { instances: found } = await instances.list({ prefix: run, top: 100 });
  const lists = await Promise.all(
    [{ flow: 'flow' }, { machine: agent.machine }, { desktopFlow: 'invoices' }].map((query) =>
      ports.runs.list({ top: 100, ...query }),
    ),
  );
  const listed = lists.flatMap(({ rows }) => rows).filter((row) => row.run.startsWith(run));
  const parents = ['', 'Each', 'Each[0]', 'Each[0]/Inside'];
  const records = await Promise.all(parents.map((parent) => ports.actions.list(run, { parent, top: 100 })));
  return [
    ...blobs.map(({ key }) => key),
    ...found.map(({ id }) => `instance ${id}`),
    ...listed.map((row) => `listed ${row.run}`),
    ...[...ports.rows.keys()].filter((id) => id.startsWith(run)).map((id) => `row ${id}`),
    ...records.flatMap((page) => page.records).map(({ parent, name }) => `action ${parent}/${name}`),
    ...((await ports.runLogs.lastProgress(`${run}-1`)) ? ['progress'] : []),
  ];
}

test('A8: 31 days after its end nothing is left of a run, while those of yesterday and those that go on stay', async () => {
  const old = await endedRun();
  const waiting = await start(wait(60));
  const ending = await start(wait(29));
  const before = await traces(old);
  expect(before).toEqual(
    expect.arrayContaining([
      `runs/${old}-1/artifacts/report.csv`,
      expect.stringMatching(`runs/${old}/values/`),
      `instance ${old}-1`,
      `listed ${old}-1`,
      'action Each[0]/Inside/Say_it',
      'progress',
    ]),
  );
  await rig.advance(30 * DAY - HOUR);
  await purge();
  expect(await traces(old)).toEqual(before);
  const yesterday = await endedRun();
  const ofYesterday = await traces(yesterday);
  await rig.advance(DAY);
  await purge();
  expect(await traces(old)).toEqual([]);
  expect((await show(old)).body).toMatchObject({ status: 404, code: 'RunNotFound' });
  expect(await traces(yesterday)).toEqual(ofYesterday);
  // It ended two days ago.
  expect((await show(ending)).body).toMatchObject({ status: 'Succeeded' });
  expect((await show(waiting)).body).toMatchObject({ status: 'Running' });
  expect(rig.warnings).toEqual([]);
});

test('A8: a removal that breaks off after any step is completed by the next; in between, resubmitting says that the data is gone', async () => {
  const { ports, instances } = rig;
  const old = await endedRun();
  await rig.advance(31 * DAY);
  let left = 0;
  const breaking =
    <Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (left-- <= 0) throw new Error('killed');
      return act(...args);
    };
  const whole = { blobs: ports.blobs.removeAll, instances: instances.purge, runs: ports.runs.remove };
  const actions = ports.actions.purge;
  ports.blobs.removeAll = breaking(whole.blobs);
  ports.actions.purge = breaking(actions);
  instances.purge = breaking(whole.instances);
  ports.runs.remove = breaking(whole.runs);
  const answers = new Set<unknown>();
  for (let steps = 1; (await traces(old)).length > 0; steps++) {
    expect(steps).toBeLessThan(30);
    left = steps;
    await purge();
    const { body } = await api(rig, 'POST', `runs/${old}/resubmit`);
    answers.add(body['code'] ?? 'accepted');
  }
  expect([...answers].slice(-2)).toEqual(['TriggerDataGone', 'RunNotFound']);
});

test('A8: runs that were started at a machine go with their days too', async () => {
  const run = `${ulid(rig.clock.now())}-1`;
  const action = { desktopFlow: 'invoices', connection: 'console', mode: 'attended', inputs: {} };
  const input = {
    action: { ...action, priority: 'normal' },
    console: { machine: agent.machine, user: 'ann' },
    name: 'console',
  };
  await rig.start('desktop-flow-run', input, run);
  const grant = await agent.startRun();
  await rig.ports.runLogs.progress(run, { action: 'open', atMs: rig.clock.now() });
  await rig.ports.blobs.put(artifactKey(run, 'report.csv'), Buffer.from('a'));
  await agent.succeed(grant);
  expect(await leftOf(run)).toHaveLength(4);
  await rig.advance(31 * DAY);
  await purge();
  expect(await leftOf(run)).toEqual([]);
});

async function leftOf(run: string): Promise<unknown[]> {
  const { ports } = rig;
  const { rows } = await ports.runs.list({ top: 9, machine: agent.machine });
  const progress = await ports.runLogs.lastProgress(run);
  return [
    ...(await ports.blobs.list(`runs/${run}/`)),
    ...rows.filter((row) => row.run === run),
    ...[await ports.runs.get(run), progress].filter((found) => found !== undefined),
  ];
}

test('A6: a repeated request of a removed run starts no second one', async () => {
  const run = await endedRun();
  const start = { run, flow: 'flow', definition: 'x', triggerBody: {}, startedBy: 'ann' };
  const claim = { run, bodyHash: 'h', claimedMs: rig.clock.now(), start };
  await rig.advance(31 * DAY);
  await purge();
  const again = await startClaimed(rig.ports, rig.instances, { claim, first: false });
  expect(again).toEqual({ state: 'known' });
});

test('ended orchestrations without a run go with their days, those that go on stay', async () => {
  const order = { kind: 'settings', change: {} };
  await rig.start('queue-command', { queue: agent.machine, order }, 'command');
  const open = await start(wait(60));
  await rig.advance(31 * DAY);
  await purge();
  expect(await rig.instances.stateOf('command')).toBe('none');
  expect(await rig.instances.stateOf(open)).toBe('open');
  expect(await rig.instances.readEntity('run-queue', agent.machine)).toBeDefined();
});

test('L3: outgoing events and what removed subscriptions waited for go with their days', async () => {
  const { ports } = rig;
  const event = { id: '', type: 'attendant.run.started' as const, subject: 's', data: {} };
  const atMs = rig.clock.now();
  const id = `${String(atMs).padStart(13, '0')}-a`;
  await ports.events.keep({ ...event, id, atMs });
  const delivery = { event: id, type: event.type, attempts: 0, dueMs: atMs };
  await ports.deliveries.enqueue('of-removed', delivery);
  await ports.deliveries.enqueue('of-another', delivery);
  const removed = { name: 'removed', id: 'of-removed', url: 'https://example.com', enabled: true };
  await ports.subscriptions.remove({
    ...removed,
    secretRef: 's',
    createdMs: atMs,
    health: { failures: 0 },
  });
  await purge();
  const waiting = async (id: string) => (await ports.deliveries.waiting(id, { top: 9 })).items;
  expect([await waiting('of-removed'), await waiting('of-another')]).toEqual([[], [delivery]]);
  await rig.advance(29 * DAY + MINUTE);
  await purge();
  expect(await ports.events.get(id)).toBeDefined();
  await rig.advance(DAY);
  await purge();
  expect(await ports.events.get(id)).toBeUndefined();
});
