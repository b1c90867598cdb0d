import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppInvoker, FakeCore } from './support/app';
import { registerBehaviourApp } from './support/behaviour-app';
import { Rig } from './support/rig';

const core = new FakeCore();
jest.mock('@azure/functions-core', () => core.api, { virtual: true });
const gate = { attempts: 0, flag: false };

let invoker: AppInvoker;
let rig: Rig;
beforeAll(async () => registerBehaviourApp(await import('durable-functions'), gate));
beforeEach(() => {
  gate.attempts = 0;
  gate.flag = false;
  invoker = new AppInvoker(core);
  rig = new Rig(invoker, { onDisk: true });
});
afterEach(() => rig.close());

async function start(name: string, input?: unknown, instanceId = name): Promise<void> {
  await rig.engine.start({ name, instanceId, input: JSON.stringify(input) });
  await rig.engine.idle();
}

async function raise(instanceId: string, name: string, value: unknown = null): Promise<string> {
  const result = await rig.engine.raiseEvent(instanceId, name, JSON.stringify(value));
  await rig.engine.idle();
  return result;
}

async function outcome(id: string): Promise<unknown> {
  const state = await rig.engine.get(id);
  if (state?.runtimeStatus === 'Running') return 'Running';
  return [state?.runtimeStatus, state?.output === undefined ? undefined : JSON.parse(state.output)];
}

describe('retries and timers', () => {
  test('back-off grows by its coefficient up to the maximum interval', async () => {
    const begun = rig.clock.now();
    await start('retries');
    await rig.advance(60_000);
    const ended = new Date(begun + 1000 + 3000 + 5000).toISOString();
    expect(await outcome('retries')).toEqual(['Completed', { result: 4, ended }]);
  });

  test('thirty days of timers take under a second', async () => {
    for (let i = 0; i < 20; i++) await start('stale', null, `stale-${i}`);
    const begun = performance.now();
    await rig.advance(30 * 86_400_000);
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(await outcome('stale-19')).toEqual(['Completed', 'second missed it']);
  });

  test('timers and waits survive a restart', async () => {
    await start('stale');
    await rig.restart();
    await rig.advance(2500);
    await raise('stale', 'granted');
    await rig.restart();
    await rig.advance(10_000);
    expect(await outcome('stale')).toEqual(['Completed', 'second missed it']);
  });
});

describe('events', () => {
  test('raised before they are awaited, several of one name: each is seen once, in order', async () => {
    await rig.engine.start({ name: 'many', instanceId: 'many' });
    for (const value of [1, 2, 3]) await rig.engine.raiseEvent('many', 'x', String(value));
    await rig.engine.idle();
    expect(await outcome('many')).toEqual(['Completed', [1, 2, 3]]);
    expect(await raise('many', 'x')).toBe('finished');
    expect(await raise('nobody', 'x')).toBe('notFound');
  });

  test('an abandoned wait takes the next event of its name, as on the real host', async () => {
    await start('stale');
    await rig.advance(2500);
    await raise('stale', 'granted');
    await rig.advance(5000);
    // The event went to the wait that was given up.
    expect(await outcome('stale')).toEqual(['Completed', 'second missed it']);
  });

  test('continueAsNew drops what was raised and not awaited, as on the real host', async () => {
    await start('canEvents', 0);
    await raise('canEvents', 'ping');
    await rig.advance(10_000);
    expect(await outcome('canEvents')).toEqual(['Completed', 'dropped']);
  });
});

describe('lifecycle', () => {
  test('terminate does not reach the child, as on the real host', async () => {
    await start('parent');
    await rig.engine.terminate('parent', 'enough');
    await rig.engine.idle();
    expect(await outcome('parent')).toEqual(['Terminated', 'enough']);
    expect(await outcome('parent-kid')).toBe('Running');
    expect(await rig.engine.terminate('parent', 'again')).toBe('finished');
  });

  test('an id is refused while its instance is open and taken again afterwards', async () => {
    await start('sleeper');
    expect(await rig.engine.start({ name: 'sleeper', instanceId: 'sleeper' })).toEqual({
      ok: false,
      existing: 'Running',
    });
    await raise('sleeper', 'wake', 1);
    expect(await rig.engine.start({ name: 'sleeper', instanceId: 'sleeper' })).toEqual({
      ok: true,
      instanceId: 'sleeper',
    });
    await rig.engine.idle();
    expect(await outcome('sleeper')).toBe('Running');
    await raise('sleeper', 'wake', 2);
    expect(await outcome('sleeper')).toEqual(['Completed', 2]);
  });

  test('a suspended instance keeps its events until it is resumed; repeating either is refused', async () => {
    await start('sleeper');
    expect(await rig.engine.suspend('sleeper', 'pause')).toBe('accepted');
    await rig.engine.idle();
    expect(await rig.engine.suspend('sleeper', 'pause')).toBe('invalidState');
    await raise('sleeper', 'wake', 'up');
    expect((await rig.engine.get('sleeper'))?.runtimeStatus).toBe('Suspended');
    expect(await rig.engine.resume('sleeper', undefined)).toBe('accepted');
    await rig.engine.idle();
    expect(await outcome('sleeper')).toEqual(['Completed', 'up']);
    expect(await rig.engine.resume('sleeper', undefined)).toBe('finished');
  });

  test('rewind repeats only what failed, down to the child that failed', async () => {
    await start('mends');
    expect((await rig.engine.get('mends'))?.runtimeStatus).toBe('Failed');
    gate.flag = true;
    expect(await rig.engine.rewind('mends', 'mended')).toBe('accepted');
    await rig.engine.idle();
    expect(await outcome('mends')).toEqual(['Completed', ['kept', 'mended']]);
    expect(invoker.calls.filter((call) => call.name === 'echo')).toHaveLength(1);
    expect(await rig.engine.rewind('mends', undefined)).toBe('finished');
  });

  test('restart runs the same input under a new id or the old one', async () => {
    await start('status', 3);
    await raise('status', 'go');
    const id = await rig.engine.restart('status', true);
    await rig.engine.idle();
    expect(await rig.engine.get(id ?? '')).toMatchObject({ name: 'status', customStatus: '"xxx"' });
    expect(await rig.engine.restart('status', false)).toBe('status');
    await rig.engine.idle();
    expect(await outcome('status')).toBe('Running');
    expect(await rig.engine.restart('nobody', true)).toBeUndefined();
  });

  test('purge takes ended instances only, and everything of theirs', async () => {
    await start('sleeper');
    expect(await rig.engine.purge('sleeper')).toBe('invalidState');
    await raise('sleeper', 'wake');
    expect(await rig.engine.purge('sleeper')).toBe('accepted');
    expect(await rig.engine.purge('sleeper')).toBe('notFound');
    expect(rig.store.prepare('SELECT count(*) AS n FROM d_history').get()).toEqual({ n: 0 });
  });

  test('versions: the default, the parent’s choice, and none', async () => {
    await start('version', null, 'v');
    expect(await outcome('v')).toEqual(['Completed', [null, null, '7']]);
    await rig.close();
    rig = new Rig(invoker, { defaultVersion: '2.0' });
    await rig.engine.start({ name: 'version', instanceId: 'given', version: '1.0' });
    await start('version', null, 'default');
    expect(await outcome('given')).toEqual(['Completed', ['1.0', '2.0', '7']]);
    expect(await outcome('default')).toEqual(['Completed', ['2.0', '2.0', '7']]);
  });
});

describe('errors of the app', () => {
  test('an unknown orchestrator and an unknown activity fail the instance with the known names', async () => {
    await start('nosuch');
    expect((await rig.engine.get('nosuch'))?.output).toMatch(
      /^"Orchestrator function 'nosuch' failed: The function 'nosuch' doesn't exist, is disabled, or is not an orchestrator function\. Additional info: The following are the known orchestrator functions: 'retries', /,
    );
    await start('wantsMissingActivity');
    expect((await rig.engine.get('wantsMissingActivity'))?.output).toMatch(/is not an activity function\./);
  });

  test('a changed orchestrator is found out', async () => {
    await start('changes');
    gate.flag = true;
    await raise('changes', 'go');
    expect(await outcome('changes')).toEqual([
      'Failed',
      expect.stringMatching(
        /^Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task with sequence ID 0 and name 'echo'/,
      ),
    ]);
  });

  test('a custom status over 16 KiB fails the instance', async () => {
    await start('status', 9000);
    expect(await outcome('status')).toEqual([
      'Failed',
      "Orchestrator function 'status' failed: The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. The current payload size is 17 KB.",
    ]);
  });

  test('a history over the limit fails the instance by name', async () => {
    await rig.close();
    rig = new Rig(invoker, { maxHistoryEvents: 8 });
    await start('many');
    for (const value of [1, 2, 3]) await raise('many', 'x', value);
    expect(await outcome('many')).toEqual([
      'Failed',
      expect.stringContaining('HistoryTooLong: the history has 11'),
    ]);
  });

  test('an event over the limit is refused with a named error, one of 10 MB is taken', async () => {
    await start('sleeper');
    const limit = 32 * 1024 * 1024;
    await expect(raise('sleeper', 'wake', 'x'.repeat(limit))).rejects.toMatchObject({
      code: 'PayloadTooLarge',
    });
    await raise('sleeper', 'wake', 'x'.repeat(10_000_000));
    expect((await rig.engine.get('sleeper'))?.output).toHaveLength(10_000_002);
  });
});

describe('entities', () => {
  test('a throwing operation keeps its state and answers [object Object], as on the real host', async () => {
    await start('useThrower');
    expect(await outcome('useThrower')).toEqual(['Completed', { e: '[object Object]', size: 1 }]);
  });

  test('signals that wait together are one invocation; entities signal others; scheduled signals wait', async () => {
    for (let i = 0; i < 5; i++) await rig.engine.signalEntity('Tally', 'a', 'put', String(i));
    await rig.engine.signalEntity('tally', 'a', 'forward', '"sent on"');
    await rig.engine.idle();
    expect((await rig.engine.readEntity('tally', 'a'))?.state).toBe('[0,1,2,3,4]');
    expect((await rig.engine.readEntity('TALLY', 'other'))?.state).toBe('["sent on"]');
    await rig.engine.signalEntity('tally', 'late', 'put', '1', rig.clock.now() + 5000);
    await rig.engine.idle();
    expect(await rig.engine.readEntity('tally', 'late')).toBeUndefined();
    await rig.restart();
    await rig.advance(5000);
    expect((await rig.engine.readEntity('tally', 'late'))?.state).toBe('[1]');
  });

  test('destructOnExit removes the state; the instance stays, as on the real host', async () => {
    await rig.engine.signalEntity('tally', 'gone', 'put', '1');
    await rig.engine.signalEntity('tally', 'gone', 'delete', undefined);
    await rig.engine.idle();
    expect(await rig.engine.readEntity('tally', 'gone')).toBeUndefined();
    expect(await rig.engine.get('@tally@gone')).toMatchObject({
      name: '@tally@gone',
      runtimeStatus: 'Running',
      input: '{"sorter":{}}',
      customStatus: '{}',
    });
    expect((await rig.engine.queryEntities({ name: 'tally' })).items).toEqual([]);
  });

  test('a lock keeps others out, and ends with its owner even when that fails or is terminated', async () => {
    await start('holder', null, 'h1');
    await start('holder', null, 'h2');
    await start('putter', null, 'p');
    expect(await outcome('p')).toBe('Running');
    await rig.restart();
    await raise('h1', 'go');
    expect(await outcome('p')).toBe('Running');
    await rig.engine.terminate('h2', 'x');
    await rig.engine.idle();
    expect(await outcome('p')).toEqual(['Completed', true]);
    expect((await rig.engine.readEntity('tally', 't'))?.state).toBe('["p"]');
    expect((await rig.engine.get('@tally@t'))?.customStatus).toBe('{"entityExists":true}');
  });
});

describe('callHttp', () => {
  let server: Server;
  let seen: string[];
  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const isDone = seen.length > 2;
      response.writeHead(
        isDone ? 200 : 202,
        isDone ? {} : { location: `${base()}/poll`, 'retry-after': '7' },
      );
      response.end(isDone ? 'ready' : '');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterEach(() => server.close());
  const base = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  test('polls the Location of a 202 after its Retry-After', async () => {
    await start('http', `${base()}/work`);
    expect(seen).toEqual(['GET /work']);
    await rig.advance(7000);
    await rig.advance(7000);
    expect(seen).toEqual(['GET /work', 'GET /poll', 'GET /poll']);
    expect(await outcome('http')).toEqual(['Completed', [200, 'ready']]);
  });

  test('a server that is not there fails the call', async () => {
    const url = `${base()}/work`;
    await new Promise((resolve) => server.close(resolve));
    await start('http', url);
    expect(await outcome('http')).toEqual(['Failed', expect.stringContaining('ECONNREFUSED')]);
  });
});
