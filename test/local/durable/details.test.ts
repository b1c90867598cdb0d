import { AppInvoker, FakeCore } from './support/app';
import { type Plan, registerDetailsApp } from './support/details-app';
import { Rig } from './support/rig';

const core = new FakeCore();
jest.mock('@azure/functions-core', () => core.api, { virtual: true });
const plan: Plan = { step: 'activity' };
const DAY = 86_400_000;

let invoker: AppInvoker;
let rig: Rig;
beforeAll(async () => registerDetailsApp(await import('durable-functions'), plan));
beforeEach(() => {
  plan.step = 'activity';
  invoker = new AppInvoker(core);
  rig = new Rig(invoker, { onDisk: true });
});
afterEach(() => rig.close());

async function start(name: string, input?: unknown, instanceId = name): Promise<void> {
  await rig.engine.start({ name, instanceId, input: JSON.stringify(input) });
  await rig.engine.idle();
}

async function raise(instanceId: string, name: string): Promise<void> {
  await rig.engine.raiseEvent(instanceId, name, 'null');
  await rig.engine.idle();
}

async function outcome(id: string): Promise<unknown[]> {
  const state = await rig.engine.get(id);
  return [state?.runtimeStatus, state?.output === undefined ? undefined : JSON.parse(state.output)];
}

async function historyOf(id: string): Promise<string[]> {
  const events = (await rig.engine.get(id, { history: true }))?.history ?? [];
  return events.map((event) => String(event['EventType']));
}

const timersLeft = (): unknown => rig.store.prepare('SELECT count(*) AS n FROM d_timer').get()?.['n'];

describe('long timers', () => {
  test('one of thirty days fires to the millisecond, in pieces of three days, over restarts', async () => {
    const due = rig.clock.now() + 30 * DAY;
    await start('longWait', 30);
    await rig.advance(13 * DAY);
    await rig.restart();
    await rig.advance(17 * DAY - 1);
    expect((await outcome('longWait'))[0]).toBe('Running');
    await rig.restart();
    await rig.advance(1);
    expect(await outcome('longWait')).toEqual(['Completed', new Date(due).toISOString()]);
    expect((await historyOf('longWait')).filter((type) => type === 'TimerFired')).toHaveLength(10);
  });

  test.each([
    ['a short one', 5, 4],
    ['a long one within its first piece', 30, 2],
  ])('%s is cancelled and leaves nothing', async (_, days, passed) => {
    await start('longWait', days);
    await rig.advance(passed * DAY);
    await raise('longWait', 'stop');
    expect(await outcome('longWait')).toEqual(['Completed', 'stopped']);
    expect(timersLeft()).toBe(0);
    await rig.advance(40 * DAY);
    expect(await outcome('longWait')).toEqual(['Completed', 'stopped']);
  });

  test('a long one cancelled after its first piece fails the instance, as the extension’s code has it', async () => {
    await start('longWait', 30);
    await rig.advance(10 * DAY);
    await raise('longWait', 'stop');
    expect(await outcome('longWait')).toEqual([
      'Failed',
      expect.stringMatching(/^Non-Deterministic workflow detected: .* a timer task with sequence number 1 /),
    ]);
  });
});

test('newGuid gives the same values in every replay, others in another instance, and no two alike', async () => {
  await start('guids', null, 'g1');
  await start('guids', null, 'g2');
  const early = JSON.parse((await rig.engine.get('g1'))?.customStatus ?? '[]') as string[];
  const others = JSON.parse((await rig.engine.get('g2'))?.customStatus ?? '[]') as string[];
  await rig.restart();
  await raise('g1', 'go');
  expect(await outcome('g1')).toEqual(['Completed', early]);
  expect(new Set([...early, ...others]).size).toBe(6);
  for (const guid of early)
    expect(guid).toMatch(/^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

test('when retryTimeout runs out there is no further try; the SDK waits on, as with the real extension', async () => {
  await start('impatient');
  await rig.advance(DAY);
  expect(invoker.calls.filter((call) => call.name === 'fails')).toHaveLength(4);
  expect((await outcome('impatient'))[0]).toBe('Running');
  await rig.engine.terminate('impatient', 'waited long enough');
  await rig.engine.idle();
  expect(await outcome('impatient')).toEqual(['Terminated', 'waited long enough']);
});

describe('a changed orchestrator is found out by what', () => {
  const FOUND: [Plan['step'], Plan['step'], string][] = [
    [
      'activity',
      'otherActivity',
      "named 'one', but the current orchestration replay instead scheduled an activity task named 'two'",
    ],
    ['activity', 'timer', 'instead produced a CreateTimerOrchestratorAction action'],
    [
      'activity',
      'nothing',
      "and name 'one' (version ''), but the current replay execution hasn't (yet?) scheduled",
    ],
    ['timer', 'activity', 'scheduled a timer task with sequence number 0'],
    ['child', 'otherChild', 'instead scheduled a sub-orchestration task with name otherKid'],
    ['entity', 'nothing', "type 'EventSent', name 'op', instance ID '@box@b'"],
  ];

  test.each(FOUND)('%s became %s', async (before, after, message) => {
    plan.step = before;
    await start('changing');
    await rig.advance(100);
    plan.step = after;
    await raise('changing', 'go');
    const [status, output] = await outcome('changing');
    expect(status).toBe('Failed');
    expect(output).toMatch(/^Non-Deterministic workflow detected: A previous execution/);
    expect(output).toContain(message);
  });
});

describe('errors that nobody handles', () => {
  test('the message names the orchestrator and the activity, and carries the text of the error', async () => {
    await start('unhandled', 'error');
    const [status, output] = await outcome('unhandled');
    expect(status).toBe('Failed');
    expect(output).toContain("Orchestrator function 'unhandled' failed: Activity function 'fails' failed:");
    expect(output).toContain('out of range');
  });

  test('a thrown text is an error too', async () => {
    await start('unhandled', 'text');
    expect(await outcome('unhandled')).toEqual(['Failed', expect.stringContaining('a mere text')]);
  });

  test('a parent fails with the message of its child inside its own', async () => {
    await start('parentOfUnhandled', 'error', 'p');
    expect((await outcome('p-child'))[0]).toBe('Failed');
    const [status, output] = await outcome('p');
    expect(status).toBe('Failed');
    expect(output).toMatch(/^Orchestrator function 'parentOfUnhandled' failed: .*out of range/s);
  });
});

test('continueAsNew gives locks back before the next generation asks for them', async () => {
  await start('loops', 1);
  expect(await outcome('loops')).toEqual(['Completed', 3]);
  expect((await rig.engine.get('@box@b'))?.customStatus).not.toContain('lockedBy');
});
