import { AppInvoker, FakeCore } from './support/app';
import { registerCapturedApp } from './support/captured-app';
import { Rig } from './support/rig';

const core = new FakeCore();
jest.mock('@azure/functions-core', () => core.api, { virtual: true });

let rig: Rig;
beforeAll(async () => registerCapturedApp(await import('durable-functions')));
beforeEach(() => {
  rig = new Rig(new AppInvoker(core), { onDisk: true, retryAfterStoreErrorMs: 20 });
});
afterEach(() => rig.close());

function limitDisk(morePages: number): void {
  const pages = Number(rig.store.prepare('PRAGMA page_count').get()?.['page_count']);
  rig.store.db.exec(`PRAGMA max_page_count=${pages + morePages}`);
}

test('with a full disk requests are refused by name; work goes on when there is room, and nothing is lost', async () => {
  for (let i = 0; i < 20; i++) await rig.engine.start({ name: 'waiter', instanceId: `w${i}` });
  await rig.engine.idle();
  limitDisk(2);
  const big = JSON.stringify('x'.repeat(20_000));
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => rig.engine.raiseEvent(`w${i}`, 'ping', big)),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'StoreFull' });

  rig.store.db.exec('PRAGMA max_page_count=1000000');
  await rig.engine.idle();
  for (let i = 0; i < 20; i++) {
    if (results[i]?.status === 'rejected') await rig.engine.raiseEvent(`w${i}`, 'ping', big);
    await rig.engine.raiseEvent(`w${i}`, 'ping', '2');
  }
  await rig.engine.idle();
  for (let i = 0; i < 20; i++) {
    expect((await rig.engine.get(`w${i}`))?.runtimeStatus).toBe('Completed');
  }
});

test('after a failed commit memory is thrown away and read again', async () => {
  await rig.engine.start({ name: 'waiter', instanceId: 'w' });
  await rig.engine.idle();
  await rig.store.durable();
  const commit = rig.store.prepare('COMMIT');
  const failing = jest.spyOn(commit, 'run').mockImplementationOnce(() => {
    throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
  });
  await expect(rig.engine.raiseEvent('w', 'ping', '1')).rejects.toMatchObject({ code: 'StoreFull' });
  failing.mockRestore();
  await rig.engine.idle();
  // The refused event did not happen: two more are needed.
  await rig.engine.raiseEvent('w', 'ping', '"a"');
  await rig.engine.idle();
  expect((await rig.engine.get('w'))?.runtimeStatus).toBe('Running');
  await rig.engine.raiseEvent('w', 'ping', '"b"');
  await rig.engine.idle();
  expect((await rig.engine.get('w'))?.output).toBe('["a","b"]');
});
