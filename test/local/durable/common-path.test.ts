import { FakeCore, AppInvoker } from './support/app';
import { registerCapturedApp } from './support/captured-app';
import { Rig } from './support/rig';

const core = new FakeCore();
jest.mock('@azure/functions-core', () => core.api, { virtual: true });

let rig: Rig;
beforeAll(async () => registerCapturedApp(await import('durable-functions')));
beforeEach(() => {
  rig = new Rig(new AppInvoker(core));
});
afterEach(() => rig.close());

const state = async (id: string) => {
  const found = await rig.engine.get(id);
  return { status: found?.runtimeStatus, output: found?.output && (JSON.parse(found.output) as unknown) };
};

test('activity, timer, event, entity call and signal end in the recorded result', async () => {
  await rig.engine.start({ name: 'main', instanceId: 'main-1', input: '{"name":"Tokyo"}' });
  await rig.engine.idle();
  await rig.advance(2000);
  expect((await rig.engine.get('main-1'))?.customStatus).toBe('{"stage":"waiting"}');
  expect(await rig.engine.raiseEvent('main-1', 'go', '{"x":1,"s":"é"}')).toBe('accepted');
  await rig.engine.idle();
  expect(await state('main-1')).toEqual({
    status: 'Completed',
    output: { a: 'Hello Tokyo', ev: { x: 1, s: 'é' }, n: 5, replaying: false },
  });
  expect(await rig.engine.readEntity('counter', 'c1')).toMatchObject({ state: '6' });
});

test('fan-out, sub-orchestrations, retry and race end in the recorded result', async () => {
  await rig.engine.start({ name: 'fan', instanceId: 'fan-1', input: '""' });
  await rig.engine.idle();
  await rig.advance(5000);
  const { status, output } = await state('fan-1');
  expect(status).toBe('Completed');
  expect(output).toMatchObject({
    rs: ['Hello a', 'Hello b', 'Hello c'],
    s: 'Hello sub',
    s2: 'Hello sub2',
    timedOut: true,
  });
  expect((output as { err: string }).err).toMatch(/^Activity function 'boom' failed: {2}boom! \n \{"\$type"/);
});

test('every other recorded orchestration ends as recorded', async () => {
  for (const name of [
    'can',
    'failing',
    'entfail',
    'noreturn',
    'throws',
    'cancelTimer',
    'subfail',
    'longTimer',
  ]) {
    await rig.engine.start({ name, instanceId: `${name}-1`, input: name === 'can' ? '3' : '""' });
  }
  await rig.engine.idle();
  await rig.advance(1000);
  expect(await state('can-1')).toEqual({ status: 'Completed', output: 'done' });
  expect(await state('noreturn-1')).toEqual({ status: 'Completed', output: undefined });
  expect(await state('entfail-1')).toEqual({ status: 'Completed', output: 'caught: [object Object]' });
  expect(await state('cancelTimer-1')).toEqual({ status: 'Completed', output: 'Hello race' });
  expect((await state('subfail-1')).output).toMatch(
    /^caught: Orchestrator function 'failing' failed: Activity/,
  );
  expect(await state('throws-1')).toEqual({
    status: 'Failed',
    output: "Orchestrator function 'throws' failed: orchestrator threw",
  });
  expect((await state('failing-1')).output).toMatch(
    /^Orchestrator function 'failing' failed: Activity function 'boom' failed: {2}boom! \n /,
  );
  expect((await state('longTimer-1')).status).toBe('Running');
  await rig.advance(10 * 86_400_000);
  expect((await state('longTimer-1')).status).toBe('Completed');
});
