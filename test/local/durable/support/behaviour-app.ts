import type * as Sdk from 'durable-functions';

/** Orchestrations that each show one rule of the real extension. */
export function registerBehaviourApp(df: typeof Sdk, gate: { attempts: number; flag: boolean }): void {
  const counter = new df.EntityId('tally', 't');
  df.app.activity('echo', { handler: (input: unknown) => input });
  df.app.activity('flaky', {
    handler: () => {
      gate.attempts += 1;
      if (gate.attempts < 4) throw new Error(`attempt ${gate.attempts}`);
      return gate.attempts;
    },
  });
  df.app.activity('broken', {
    handler: () => {
      if (!gate.flag) throw new Error('not yet');
      return 'mended';
    },
  });
  df.app.entity('tally', (ctx) => {
    const items = ctx.df.getState(() => []) as unknown[];
    switch (ctx.df.operationName) {
      case 'put':
        ctx.df.setState([...items, ctx.df.getInput()]);
        break;
      case 'size':
        ctx.df.return(items.length);
        break;
      case 'forward':
        ctx.df.signalEntity(new df.EntityId('Tally', 'other'), 'put', ctx.df.getInput());
        break;
      case 'throw':
        ctx.df.setState(['set before the throw']);
        throw new Error('thrown');
      default:
        ctx.df.destructOnExit();
    }
  });
  df.app.orchestration('retries', function* (ctx) {
    const options = Object.assign(new df.RetryOptions(1000, 5), {
      backoffCoefficient: 3,
      maxRetryIntervalInMilliseconds: 5000,
    });
    const result: unknown = yield ctx.df.callActivityWithRetry('flaky', options);
    return { result, ended: ctx.df.currentUtcDateTime.toISOString() };
  });
  df.app.orchestration('wantsMissingActivity', function* (ctx) {
    yield ctx.df.callActivity('missing');
  });
  df.app.orchestration('version', function* (ctx) {
    const child: unknown = yield ctx.df.callSubOrchestrator('childVersion');
    const given: unknown = yield ctx.df.callSubOrchestrator('childVersion', null, undefined, '7');
    return [ctx.df.version, child, given];
  });
  // oxlint-disable-next-line require-yield -- answers at once
  df.app.orchestration('childVersion', function* (ctx) {
    return ctx.df.version;
  });
  df.app.orchestration('stale', function* (ctx) {
    const wait = ctx.df.waitForExternalEvent('granted');
    const timer = ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 2000));
    const first: unknown = yield ctx.df.Task.any([wait, timer]);
    if (first === wait) return 'first got it';
    yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 1000));
    const again = ctx.df.waitForExternalEvent('granted');
    const last = ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 4000));
    return (yield ctx.df.Task.any([again, last])) === again ? 'second got it' : 'second missed it';
  });
  df.app.orchestration('canEvents', function* (ctx) {
    const generation = ctx.df.getInput<number>();
    if (generation === 0) {
      yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 3000));
      ctx.df.continueAsNew(1);
      return undefined;
    }
    const wait = ctx.df.waitForExternalEvent('ping');
    const timer = ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 3000));
    const first: unknown = yield ctx.df.Task.any([wait, timer]);
    if (first === wait) timer.cancel();
    return first === wait ? 'kept' : 'dropped';
  });
  df.app.orchestration('parent', function* (ctx) {
    return (yield ctx.df.callSubOrchestrator('sleeper', null, `${ctx.df.instanceId}-kid`)) as unknown;
  });
  df.app.orchestration('sleeper', function* (ctx) {
    return (yield ctx.df.waitForExternalEvent('wake')) as unknown;
  });
  df.app.orchestration('useThrower', function* (ctx) {
    let e = '';
    try {
      yield ctx.df.callEntity(counter, 'throw');
    } catch (error) {
      e = (error as Error).message;
    }
    return { e, size: (yield ctx.df.callEntity(counter, 'size')) as unknown };
  });
  df.app.orchestration('mends', function* (ctx) {
    const before: unknown = yield ctx.df.callActivity('echo', 'kept');
    const after: unknown = yield ctx.df.callSubOrchestrator('mendsChild', null, `${ctx.df.instanceId}-child`);
    return [before, after];
  });
  df.app.orchestration('mendsChild', function* (ctx) {
    return (yield ctx.df.callActivity('broken')) as unknown;
  });
  df.app.orchestration('changes', function* (ctx) {
    if (gate.flag) yield ctx.df.waitForExternalEvent('never');
    else yield ctx.df.callActivity('echo', 1);
    yield ctx.df.waitForExternalEvent('go');
  });
  df.app.orchestration('http', function* (ctx) {
    const response = (yield ctx.df.callHttp({ method: 'GET', url: ctx.df.getInput<string>() })) as {
      statusCode: number;
      content: string;
    };
    return [response.statusCode, response.content];
  });
  df.app.orchestration('holder', function* (ctx) {
    yield ctx.df.lock(counter);
    yield ctx.df.waitForExternalEvent('go');
    throw new Error('died holding the lock');
  });
  df.app.orchestration('putter', function* (ctx) {
    yield ctx.df.lock(counter);
    yield ctx.df.callEntity(counter, 'put', ctx.df.instanceId);
    return ctx.df.isLocked().isLocked;
  });
  df.app.orchestration('status', function* (ctx) {
    ctx.df.setCustomStatus('x'.repeat(ctx.df.getInput<number>()));
    yield ctx.df.waitForExternalEvent('go');
  });
  df.app.orchestration('many', function* (ctx) {
    const got: unknown[] = [];
    for (let i = 0; i < 3; i++) got.push(yield ctx.df.waitForExternalEvent('x'));
    return got;
  });
}
