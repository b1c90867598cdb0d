import type * as Sdk from 'durable-functions';

/** Registers the functions that the recorded runs of the real host used. */
export function registerCapturedApp(df: typeof Sdk): void {
  df.app.activity('hello', { handler: (input: unknown) => `Hello ${String(input)}` });
  df.app.activity('boom', {
    handler: () => {
      throw new Error('boom!');
    },
  });
  df.app.activity('nothing', { handler: () => undefined });

  df.app.entity('counter', (ctx) => {
    const current = ctx.df.getState(() => 0) as number;
    const input = ctx.df.getInput() as number;
    if (ctx.df.operationName === 'add') {
      ctx.df.setState(current + input);
      ctx.df.return(current + input);
    } else if (ctx.df.operationName === 'get') ctx.df.return(current);
    else if (ctx.df.operationName === 'fail') throw new Error('entity failure');
    else if (ctx.df.operationName === 'reset') ctx.df.setState(0);
    else if (ctx.df.operationName === 'delete') ctx.df.destructOnExit();
  });

  df.app.orchestration('main', function* (ctx) {
    const input = ctx.df.getInput<{ name: string }>();
    const a: unknown = yield ctx.df.callActivity('hello', input.name);
    yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 2000));
    ctx.df.setCustomStatus({ stage: 'waiting' });
    const ev: unknown = yield ctx.df.waitForExternalEvent('go');
    const id = new df.EntityId('counter', 'c1');
    const n: unknown = yield ctx.df.callEntity(id, 'add', 5);
    ctx.df.signalEntity(id, 'add', 1);
    return { a, ev, n, replaying: ctx.df.isReplaying };
  });
  df.app.orchestration('child', function* (ctx) {
    return (yield ctx.df.callActivity('hello', ctx.df.getInput())) as unknown;
  });
  df.app.orchestration('fan', function* (ctx) {
    const parts = ['a', 'b', 'c'].map((x) => ctx.df.callActivity('hello', x));
    const rs: unknown = yield ctx.df.Task.all(parts);
    const s: unknown = yield ctx.df.callSubOrchestrator('child', 'sub');
    const s2: unknown = yield ctx.df.callSubOrchestrator('child', 'sub2', `${ctx.df.instanceId}:explicit`);
    let err: string | undefined;
    try {
      yield ctx.df.callActivityWithRetry('boom', new df.RetryOptions(200, 2));
    } catch (e) {
      err = (e as Error).message;
    }
    const timer = ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 1000));
    const evt = ctx.df.waitForExternalEvent('never');
    const w: unknown = yield ctx.df.Task.any([timer, evt]);
    return { rs, s, s2, err, timedOut: w === timer, guid: ctx.df.newGuid('x') };
  });
  df.app.orchestration('failing', function* (ctx) {
    yield ctx.df.callActivity('boom');
  });
  df.app.orchestration('can', function* (ctx) {
    const n = ctx.df.getInput<number>();
    yield ctx.df.callActivity('hello', String(n));
    if (n > 0) {
      ctx.df.continueAsNew(n - 1);
      return undefined;
    }
    return 'done';
  });
  df.app.orchestration('waiter', function* (ctx) {
    const r: unknown[] = [];
    for (let i = 0; i < 2; i++) r.push(yield ctx.df.waitForExternalEvent('ping'));
    return r;
  });
  df.app.orchestration('entfail', function* (ctx) {
    try {
      yield ctx.df.callEntity(new df.EntityId('counter', 'c2'), 'fail', null);
      return 'no';
    } catch (e) {
      return `caught: ${(e as Error).message}`;
    }
  });
  df.app.orchestration('noreturn', function* (ctx) {
    yield ctx.df.callActivity('nothing');
  });
  // oxlint-disable-next-line require-yield -- the recorded app threw before its first yield
  df.app.orchestration('throws', function* () {
    throw new TypeError('orchestrator threw');
  });
  df.app.orchestration('cancelTimer', function* (ctx) {
    const t = ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 3600000));
    const a = ctx.df.callActivity('hello', 'race');
    const w: unknown = yield ctx.df.Task.any([a, t]);
    if (w === a) t.cancel();
    return a.result;
  });
  df.app.orchestration('longTimer', function* (ctx) {
    yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 10 * 24 * 3600 * 1000));
  });
  df.app.orchestration('subfail', function* (ctx) {
    try {
      yield ctx.df.callSubOrchestratorWithRetry('failing', new df.RetryOptions(100, 2), { p: 1 });
      return undefined;
    } catch (e) {
      return `caught: ${(e as Error).message}`;
    }
  });
}
