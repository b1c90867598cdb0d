import type { InstanceQuery } from '../../../local/durable/engine-api';
import { AppInvoker, FakeCore } from './support/app';
import { registerCapturedApp } from './support/captured-app';
import { Rig } from './support/rig';

const core = new FakeCore();
jest.mock('@azure/functions-core', () => core.api, { virtual: true });

let rig: Rig;
let firstMs: number;
beforeAll(async () => registerCapturedApp(await import('durable-functions')));
beforeEach(async () => {
  rig = new Rig(new AppInvoker(core));
  firstMs = rig.clock.now();
  for (let i = 0; i < 12; i++) {
    const name = i % 3 === 0 ? 'waiter' : i % 3 === 1 ? 'noreturn' : 'throws';
    await rig.engine.start({ name, instanceId: `q-${String(i).padStart(2, '0')}`, input: `${i}` });
    await rig.engine.idle();
    await rig.advance(1000);
  }
  await rig.engine.signalEntity('counter', 'e', 'add', '1');
  await rig.engine.idle();
});
afterEach(() => rig.close());

async function ids(query: InstanceQuery): Promise<string[]> {
  const found: string[] = [];
  let continuationToken: string | undefined;
  do {
    const page = await rig.engine.query({ ...query, continuationToken });
    expect(page.items.length).toBeLessThanOrEqual(query.top ?? Infinity);
    found.push(...page.items.map((item) => item.instanceId));
    continuationToken = page.continuationToken;
  } while (continuationToken !== undefined);
  return found;
}

const numbered = (...numbers: number[]): string[] => numbers.map((n) => `q-${String(n).padStart(2, '0')}`);

test('the plain list is ordered by id and includes entities', async () => {
  expect(await ids({})).toEqual(['@counter@e', ...numbered(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)]);
});

test.each([1, 2, 5, 12, 100])('pages of %i give every instance once', async (top) => {
  const all = numbered(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  expect(await ids({ top, instanceIdPrefix: 'q-' })).toEqual(all);
  expect(await ids({ top, createdFromMs: firstMs })).toEqual([...all, '@counter@e']);
  expect(await ids({ top, runtimeStatus: ['Completed', 'Failed'] })).toEqual(
    numbered(1, 2, 4, 5, 7, 8, 10, 11),
  );
});

test('filters restrict together', async () => {
  const from = firstMs + 3000;
  const to = firstMs + 9000;
  expect(await ids({ createdFromMs: from, createdToMs: to })).toEqual(numbered(3, 4, 5, 6, 7, 8, 9));
  expect(await ids({ createdFromMs: from, createdToMs: to, runtimeStatus: ['Failed'] })).toEqual(
    numbered(5, 8),
  );
  expect(await ids({ instanceIdPrefix: 'q-0', createdFromMs: from, runtimeStatus: ['Running'] })).toEqual(
    numbered(3, 6, 9),
  );
  expect(await ids({ instanceIdPrefix: 'z' })).toEqual([]);
});

test('paging goes on where it was although instances come and go', async () => {
  const first = await rig.engine.query({ top: 4, instanceIdPrefix: 'q-' });
  await rig.engine.purge('q-04');
  await rig.engine.start({ name: 'waiter', instanceId: 'q-00a' });
  const rest = await rig.engine.query({
    instanceIdPrefix: 'q-',
    continuationToken: first.continuationToken,
  });
  expect(rest.items.map((item) => item.instanceId)).toEqual(numbered(5, 6, 7, 8, 9, 10, 11));
});

test('a token of another query is refused by name', async () => {
  await expect(rig.engine.query({ continuationToken: 'bm9uc2Vuc2U' })).rejects.toMatchObject({
    code: 'InvalidContinuationToken',
  });
});

test('purge by filter counts what it deleted and leaves open instances alone', async () => {
  expect(await rig.engine.purgeWhere({ createdFromMs: firstMs, runtimeStatus: ['Failed'] })).toBe(4);
  expect(await rig.engine.purgeWhere({ createdFromMs: firstMs })).toBe(4);
  expect(await rig.engine.purgeWhere({ createdFromMs: firstMs })).toBe(0);
  expect(await ids({ instanceIdPrefix: 'q-' })).toEqual(numbered(0, 3, 6, 9));
});

test('entities by name, with their states', async () => {
  expect((await rig.engine.queryEntities({ name: 'Counter' })).items).toEqual([
    { name: 'counter', key: 'e', state: '1', lastOperationMs: rig.clock.now() },
  ]);
  expect((await rig.engine.queryEntities({ lastOperationFromMs: rig.clock.now() + 1 })).items).toEqual([]);
});

test('a page costs the same among 200 and among 50,000 instances', async () => {
  const cost = async (): Promise<number> => {
    const begun = performance.now();
    for (let i = 0; i < 50; i++) {
      await rig.engine.query({ runtimeStatus: ['Running'], top: 5 });
      await rig.engine.query({ createdFromMs: firstMs + 2000, top: 5 });
      await rig.engine.query({ instanceIdPrefix: 'q-1', top: 5 });
    }
    return performance.now() - begun;
  };
  await cost();
  const small = await cost();
  rig.store.write(() => {
    const insert = rig.store.prepare(
      `INSERT INTO d_instance (seq, id, kind, name, execution_id, status, created_ms, updated_ms)
       VALUES (?1, ?2, 0, 'old', 'x', 3, ?3, ?3)`,
    );
    for (let i = 0; i < 50_000; i++) insert.run(1_000_000 + i, `z-${i}`, firstMs - 1_000_000 + i);
  });
  // Generous, for a busy machine; a scan would cost hundreds of times more.
  expect(await cost()).toBeLessThan(small * 5 + 50);
});
