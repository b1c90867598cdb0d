import { SimulatedFleet } from './support/simulated-fleet';

let fleet: SimulatedFleet;
beforeAll(async () => {
  fleet = await SimulatedFleet.start(`
  - name: server
    os: server2022
    rds: true
    maxSessions: 4
    users: [{ name: 'CORP\\bot', aliases: [bot@corp.example] }, { name: other }]`);
}, 60_000);
afterAll(() => fleet.stop());

test('E1, G3: DOMAIN\\user and user@domain are one user: their runs never execute side by side, and the second says why it waits', async () => {
  const { product } = fleet;
  const target = { kind: 'machine', id: fleet.machine('server').id };
  await fleet.addFlow('first', { target, user: 'CORP\\bot' });
  await fleet.addFlow('second', { target, user: 'Bot@corp.example' });
  await fleet.addFlow('third', { target, user: 'other' });

  const runs: string[] = [];
  // At once, before anybody knows that these names are one account.
  for (const flow of ['first', 'second', 'third']) runs.push(await product.startRun(flow, {}));
  const [first, second, third] = runs.map((run) => `${run}-1`);
  const started = await fleet.until(
    'server',
    'two runs to execute and the third to wait for its user',
    ({ running, waiting }) => running.length === 2 && waiting[0]?.reason.why === 'userBusy',
  );
  expect(new Set(started.running.map(({ run }) => run))).toEqual(new Set([first, third]));
  expect(started.waiting).toMatchObject([{ run: second, reason: { why: 'userBusy', run: first } }]);
  const refusals = async (run: string) => {
    const { actions } = await product.run(run.replace(/-1$/, ''));
    return JSON.stringify(actions).split('refused by machine').length - 1;
  };
  expect(await refusals(second ?? '')).toBeLessThanOrEqual(1);

  // Known by now: nothing is offered that would be refused.
  const later = await product.startRun('second', {});
  const last = await product.startRun('first', {});
  const queue = await fleet.until('server', 'both to wait', ({ waiting }) => waiting.length === 3);
  expect(queue.waiting.map(({ reason }) => reason.why)).toEqual(['userBusy', 'userBusy', 'userBusy']);
  expect(await refusals(`${later}-1`)).toBe(0);

  // One after the other, in the order in which they were requested.
  const order: string[] = [];
  await fleet.until('server', 'all to have ended', ({ running, waiting }) => {
    const own = running.filter(({ run }) => run !== third).map(({ run }) => run);
    expect(own.length).toBeLessThanOrEqual(1);
    order.push(...own.filter((run) => !order.includes(run)));
    fleet.finish();
    return running.length + waiting.length === 0;
  });
  expect(order).toEqual([first, second, `${later}-1`, `${last}-1`]);
}, 120_000);
