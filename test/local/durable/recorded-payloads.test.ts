import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppInvoker, FakeCore, type Call } from './support/app';
import { registerCapturedApp } from './support/captured-app';
import { normalise } from './support/normalise';
import { Rig } from './support/rig';

/** Payload texts and status histories as the real host sent them; see docs/local-host.md for how they were recorded. */
const RECORDED = join(__dirname, 'recorded');

const core = new FakeCore();
jest.mock('@azure/functions-core', () => core.api, { virtual: true });

let invoker: AppInvoker;
let rig: Rig;
beforeAll(async () => registerCapturedApp(await import('durable-functions')));
beforeEach(() => {
  invoker = new AppInvoker(core);
  rig = new Rig(invoker);
});
afterEach(() => rig.close());

function recorded(pattern: RegExp): string[] {
  return readdirSync(RECORDED)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => normalise(readFileSync(join(RECORDED, name), 'utf8')));
}

function sent(kind: Call['kind'], instanceId: string): string[] {
  return invoker.calls
    .filter((call) => call.kind === kind && call.instanceId === instanceId)
    .map((call) => normalise(call.payload ?? ''));
}

async function start(name: string, instanceId: string, input = '""'): Promise<void> {
  await rig.engine.start({ name, instanceId, input });
  await rig.engine.idle();
}

async function raise(instanceId: string, name: string, input: string): Promise<void> {
  await rig.engine.raiseEvent(instanceId, name, input);
  await rig.engine.idle();
}

const DRIVE: Record<string, (id: string) => Promise<unknown>> = {
  'main-1': async (id) => {
    await start('main', id, '{"name":"Tokyo"}');
    await rig.advance(2000);
    await raise(id, 'go', '{"x":1,"s":"é"}');
  },
  'term-1': async (id) => {
    await start('waiter', id);
    await rig.engine.terminate(id, 'because I said');
    await rig.engine.idle();
  },
  'susp-1': async (id) => {
    await start('waiter', id);
    await rig.engine.suspend(id, 'pause');
    await rig.engine.idle();
    await raise(id, 'ping', '1');
    await rig.engine.resume(id, 'go on');
    await rig.engine.idle();
    await raise(id, 'ping', '2');
  },
  'fail-1': async (id) => {
    await start('failing', id);
    await rig.engine.rewind(id, 'fixed');
    await rig.engine.idle();
  },
  'throw-1': (id) => start('throws', id),
  'can-1': (id) => start('can', id, '3'),
  'nr-1': (id) => start('noreturn', id),
  'ct-1': (id) => start('cancelTimer', id),
  'ef-1': (id) => start('entfail', id),
  'sf-1': async (id) => {
    await start('subfail', id);
    await rig.advance(500);
  },
  'long-1': async (id) => {
    await start('longTimer', id);
    await rig.engine.terminate(id, 'x');
    await rig.engine.idle();
  },
};

describe('the orchestrator is sent, text for text, what the real host sent', () => {
  test.each(Object.keys(DRIVE))('%s', async (id) => {
    await DRIVE[id]?.(id);
    const expected = recorded(new RegExp(`-orchestration-[a-zA-Z]+-${id}\\.txt$`));
    expect(expected.length).toBeGreaterThan(0);
    expect(sent('orchestration', id)).toEqual(expected);
  });
});

test('an entity is sent, text for text, what the real host sent', async () => {
  await DRIVE['main-1']?.('main-1');
  await DRIVE['ef-1']?.('ef-1');
  expect(sent('entity', 'c1')).toEqual(recorded(/entity-counter-counter-c1/));
  expect(sent('entity', 'c2')).toEqual(recorded(/entity-counter-counter-c2/));
});

test('fan-out: the last text has the recorded events in the recorded order', async () => {
  await start('fan', 'fan-1');
  await rig.advance(5000);
  const events = (text: string | undefined) =>
    (JSON.parse(text ?? '{}') as { history: { EventType: number }[] }).history
      // How many results one episode gets is chance.
      .filter((event) => event.EventType !== 12 && event.EventType !== 13);
  expect(events(sent('orchestration', 'fan-1').at(-1))).toEqual(events(recorded(/-fan-fan-1\.txt$/).at(-1)));
});

describe('the status query shows the history that the real host showed', () => {
  const folder = join(RECORDED, 'history');

  test.each(readdirSync(folder).map((file) => file.replace('.json', '')))('%s', async (name) => {
    const expected = normalise(
      JSON.stringify(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))),
    );
    const id = name.replace('-output', '');
    await DRIVE[id]?.(id);
    await rig.advance(10_000);
    // Whether the recorded query asked for results shows in what it got.
    const historyOutput = expected.includes('"Result":');
    const state = await rig.engine.get(id, { history: true, historyOutput });
    expect(normalise(JSON.stringify(state?.history))).toBe(expected);
  });
});
