import { type PatternsHost, startPatterns } from './patterns-host';

let app: PatternsHost;
beforeEach(async () => {
  app = await startPatterns();
});
afterEach(() => app.close());

async function signal(name: string, key: string, operation: string, input?: unknown): Promise<void> {
  expect((await app.post(`signal/${name}/${key}/${operation}`, input)).status).toBe(202);
  await app.host.runUntilIdle();
}

/** The state as the webhook shows it; the status when there is none. */
async function stateOf(name: string, key: string): Promise<unknown> {
  const answer = await fetch(`${app.host.url}/runtime/webhooks/durabletask/entities/${name}/${key}`);
  return answer.status === 200 ? answer.json() : answer.status;
}

describe('entities, function style', () => {
  test('a counter adds up signals, reads them back and can be removed', async () => {
    for (const amount of [1, 2, 3]) await signal('counter', 'visits', 'add', amount);
    expect(await stateOf('counter', 'visits')).toBe(6);
    expect(await stateOf('Counter', 'visits')).toBe(6);
    expect(await stateOf('counter', 'nobody')).toBe(404);
    await signal('counter', 'visits', 'reset');
    expect(await stateOf('counter', 'visits')).toBe(404);
  });

  test('signals from many callers at once are all counted', async () => {
    await Promise.all(Array.from({ length: 50 }, () => app.post('signal/counter/busy/add', 1)));
    await app.host.runUntilIdle();
    expect(await stateOf('counter', 'busy')).toBe(50);
  });

  test('an entity may signal itself; an operation that throws leaves the entity as it was', async () => {
    await signal('counter', 'self', 'remindLater');
    expect(await stateOf('counter', 'self')).toBe(100);
    await signal('counter', 'self', 'explode');
    expect(await stateOf('counter', 'self')).toBe(100);
  });

  test('a signal with a delay arrives when it is due', async () => {
    const url = `${app.host.url}/runtime/webhooks/durabletask/entities/counter/later?op=add`;
    const due = app.clock.now() + 90 * 60_000;
    await app.host.engine.signalEntity('counter', 'later', 'add', '5', due);
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(url, { method: 'POST', headers, body: '1' })).status).toBe(202);
    await app.advance(89 * 60);
    expect(await stateOf('counter', 'later')).toBe(1);
    await app.advance(60);
    expect(await stateOf('counter', 'later')).toBe(6);
  });
});

test('entities, class style: methods are operations, fields are the state', async () => {
  await signal('account', 'ada', 'deposit', 50);
  await signal('account', 'ada', 'withdraw', 20);
  await signal('account', 'ada', 'withdraw', 100);
  expect(await stateOf('account', 'ada')).toEqual({ balance: 30, moves: [50, -20] });
});

describe('critical sections', () => {
  test('two transfers in opposite directions neither mix nor block each other for good', async () => {
    await signal('account', 'ada', 'deposit', 100);
    await signal('account', 'bob', 'deposit', 100);
    const first = await app.start('transfer', { from: 'ada', to: 'bob', amount: 30, pause: true });
    const second = await app.start('transfer', { from: 'bob', to: 'ada', amount: 120 });
    // The first holds both accounts: signals and the second transfer wait.
    await signal('account', 'ada', 'deposit', 1);
    expect(await stateOf('account', 'ada')).toMatchObject({ balance: 70 });
    expect((await app.status(second)).runtimeStatus).toBe('Running');
    await app.raise(first, 'goOn');
    expect(await app.output(first)).toEqual({ ok: true, locked: false });
    expect(await app.output(second)).toEqual({ ok: true, locked: false });
    expect(await stateOf('account', 'ada')).toMatchObject({ balance: 191 });
    expect(await stateOf('account', 'bob')).toMatchObject({ balance: 10 });
  });

  test('an owner that is terminated gives its locks back', async () => {
    await signal('account', 'ada', 'deposit', 10);
    const holder = await app.start('transfer', { from: 'ada', to: 'bob', amount: 1, pause: true });
    await app.host.engine.terminate(holder, 'stuck');
    await app.host.runUntilIdle();
    const next = await app.start('transfer', { from: 'ada', to: 'bob', amount: 2 });
    expect(await app.output(next)).toEqual({ ok: true, locked: false });
    expect(await stateOf('account', 'bob')).toMatchObject({ balance: 2 });
  });
});
