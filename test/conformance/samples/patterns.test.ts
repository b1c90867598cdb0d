import { type PatternsHost, startPatterns } from './patterns-host';

const MINUTE = 60;
const HOUR = 3600;

let app: PatternsHost;
beforeEach(async () => {
  app = await startPatterns();
});
afterEach(() => app.close());

describe('function chaining', () => {
  test('each link gets what the one before gave', async () => {
    expect(await app.outcome('processOrder', { amount: 5 })).toEqual({
      amount: 5,
      reserved: true,
      paid: true,
      shipped: true,
    });
  });

  test('the error of a link can be caught, and what was done undone', async () => {
    expect(await app.outcome('processOrder', { amount: 500 })).toEqual({
      amount: 500,
      reserved: false,
      refused: expect.stringContaining('card declined'),
    });
  });
});

describe('fan-out/fan-in', () => {
  test('results come in the order of the calls', async () => {
    const counts = Array.from({ length: 40 }, (_, n) => (n + 1) * 10);
    expect(await app.outcome('countAllWords', 40)).toEqual({ counts, total: 8200 });
  });

  test.each([
    ['all', async (id: string) => app.raise(id, 'approved', 'by Ada')],
    ['skipped', async (id: string) => app.raise(id, 'skipped')],
    ['deadline', async () => app.advance(MINUTE)],
  ])('Task.any over Task.all and Task.any: %s', async (by, happen) => {
    const id = await app.start('allOrAny');
    await happen(id);
    expect(await app.output(id)).toEqual(by === 'all' ? { by, result: [10, 'by Ada'] } : { by });
    await app.advance(HOUR);
    expect((await app.status(id)).runtimeStatus).toBe('Completed');
  });
});

test('async HTTP: 202 with addresses to ask, raise, stop; 200 when it is done', async () => {
  const started = await app.post('start/approval', 'a laptop');
  expect(started.status).toBe(202);
  expect(started.headers.get('retry-after')).toBe('10');
  const links = (await started.json()) as Record<string, string>;
  expect(started.headers.get('location')).toBe(links['statusQueryGetUri']);
  await app.host.runUntilIdle();
  const pending = await fetch(links['statusQueryGetUri'] ?? '');
  expect([pending.status, pending.headers.get('retry-after')]).toEqual([202, '5']);

  const raised = await fetch((links['sendEventPostUri'] ?? '').replace('{eventName}', 'answer'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"approved":true}',
  });
  expect(raised.status).toBe(202);
  await app.host.runUntilIdle();
  const done = await fetch(links['statusQueryGetUri'] ?? '');
  expect([done.status, ((await done.json()) as { output: unknown }).output]).toEqual([200, 'approved']);
});

describe('monitor', () => {
  test('looks every five minutes and ends when the job is done', async () => {
    const id = await app.start('watchJob');
    await app.advance(22 * MINUTE);
    expect((await app.status(id)).customStatus).toEqual({ looks: 5 });
    await app.start('finish');
    await app.advance(3 * MINUTE);
    expect(await app.output(id)).toEqual({ looks: 6, done: true });
  });

  test('gives up after two hours', async () => {
    const id = await app.start('watchJob');
    await app.advance(2 * HOUR);
    expect(await app.output(id)).toEqual({ done: false });
  });
});

describe('human interaction', () => {
  test('an answer in time ends it, and its timer', async () => {
    const id = await app.start('approval', 'a laptop');
    await app.advance(47 * HOUR);
    await app.raise(id, 'answer', { approved: false, reason: 'too dear' });
    expect(await app.output(id)).toBe('refused: too dear');
    const ended = await app.status(id);
    await app.advance(48 * HOUR);
    expect(await app.status(id)).toEqual(ended);
  });

  test('without an answer in three days it is passed on; a late answer is 410', async () => {
    const id = await app.start('approval', 'a laptop');
    await app.advance(72 * HOUR);
    expect(await app.output(id)).toBe('a laptop was passed on');
    expect((await app.raise(id, 'answer', { approved: true })).status).toBe(410);
  });
});

test('eternal orchestration: continueAsNew every hour for a week, with a history that does not grow', async () => {
  const id = await app.start('nightly');
  await app.advance(7 * 24 * HOUR);
  expect(await app.status(id, '?showHistory=true')).toMatchObject({
    runtimeStatus: 'Running',
    customStatus: 'round 169',
    input: 169,
    historyEvents: ['ExecutionStarted', 'TaskCompleted', 'TimerCreated'].map((EventType) => ({ EventType })),
  });
  await app.host.engine.terminate(id, 'enough');
  await app.advance(HOUR);
  expect(await app.status(id)).toMatchObject({ runtimeStatus: 'Terminated', output: 'enough' });
});

describe('sub-orchestrations', () => {
  test('run side by side under the ids that the parent chose', async () => {
    const id = await app.start('provisionAll', ['a', 'b']);
    expect(await app.output(id)).toEqual([
      { done: ['a:image', 'a:keys'], parent: id },
      { done: ['b:image', 'b:keys'], parent: id },
    ]);
    expect(await app.status(`${id}-b`)).toMatchObject({ name: 'provision', runtimeStatus: 'Completed' });
  });

  test('one that fails fails the parent with its message', async () => {
    const id = await app.start('provisionAll', ['a', 'broken']);
    const { runtimeStatus, output } = await app.status(id);
    expect([runtimeStatus, output]).toEqual(['Failed', expect.stringContaining('does not start')]);
  });
});

describe('retries', () => {
  test('pauses grow; the first success counts', async () => {
    const id = await app.start('untilItWorks', { failures: 2 });
    await app.advance(MINUTE);
    expect(await app.output(id)).toEqual({ outcome: 3, seconds: 3 });
  });

  test('after the last attempt the error is thrown', async () => {
    const id = await app.start('untilItWorks', { failures: 9 });
    await app.advance(MINUTE);
    expect(await app.output(id)).toEqual({
      outcome: expect.stringContaining('503 at attempt 4'),
      seconds: 7,
    });
  });
});

describe('callHttp', () => {
  test('follows 202 with its Location and Retry-After', async () => {
    const id = await app.start('exportData', { url: `${app.host.url}/api/export/one` });
    await app.advance(29 * MINUTE);
    expect((await app.status(id)).runtimeStatus).toBe('Running');
    await app.advance(MINUTE);
    expect(await app.output(id)).toEqual({ status: 200, body: { rows: 42, polls: 3 } });
  });

  test('gives the 202 itself when polling is off', async () => {
    const input = { url: `${app.host.url}/api/export/two`, poll: false };
    expect(await app.outcome('exportData', input)).toEqual({ status: 202, body: null });
  });
});

test('versioning: instances of two versions end by their own rules', async () => {
  const old = await app.start('evolving', undefined, 'start/evolving/old?version=1.0.0');
  const current = await app.start('evolving', undefined, 'start/evolving/current');
  for (const id of [old, current]) await app.raise(id, 'goOn');
  expect(await app.output(old)).toEqual({ version: '1.0.0', steps: ['old'] });
  expect(await app.output(current)).toEqual({ version: '2.0.0', steps: ['old', 'new'] });
});

describe('an alarm that can be called off', () => {
  test('goes off when the limit is reached', async () => {
    const id = await app.start('stormAlarm', { limit: 40 });
    await app.advance(2 * HOUR);
    expect(await app.output(id)).toEqual({ alarm: true, wind: 40 });
  });

  test('called off between two readings it ends at once, and nothing follows', async () => {
    const id = await app.start('stormAlarm', { limit: 400 });
    await app.advance(10 * MINUTE);
    await app.raise(id, 'callOff', 'the harbour master');
    const ended = await app.status(id);
    expect(ended).toMatchObject({
      runtimeStatus: 'Completed',
      output: { alarm: false, calledOffBy: 'the harbour master' },
    });
    await app.advance(HOUR);
    expect(await app.status(id)).toEqual(ended);
  });
});
