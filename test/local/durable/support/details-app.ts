import type * as Sdk from 'durable-functions';

const DAY = 86_400_000;

/** What the orchestration `changing` does next; a test changes it between two episodes. */
export interface Plan {
  step: 'activity' | 'otherActivity' | 'timer' | 'child' | 'otherChild' | 'entity' | 'nothing';
}

/** Orchestrations for rules that the recordings do not show. */
export function registerDetailsApp(df: typeof Sdk, plan: Plan): void {
  df.app.activity('one', { handler: () => 1 });
  df.app.activity('two', { handler: () => 2 });
  df.app.activity('fails', {
    handler: (input: unknown) => {
      if (input === 'text') throw 'a mere text'; // oxlint-disable-line no-throw-literal -- apps may throw anything
      throw new RangeError('out of range');
    },
  });
  df.app.entity('box', (ctx) => ctx.df.return(0));
  // oxlint-disable-next-line require-yield -- answers at once
  df.app.orchestration('kid', function* () {
    return 'kid';
  });
  // oxlint-disable-next-line require-yield -- answers at once
  df.app.orchestration('otherKid', function* () {
    return 'other';
  });
  df.app.orchestration('changing', function* (ctx) {
    switch (plan.step) {
      case 'activity':
        yield ctx.df.callActivity('one');
        break;
      case 'otherActivity':
        yield ctx.df.callActivity('two');
        break;
      case 'timer':
        yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 10));
        break;
      case 'child':
        yield ctx.df.callSubOrchestrator('kid');
        break;
      case 'otherChild':
        yield ctx.df.callSubOrchestrator('otherKid');
        break;
      case 'entity':
        yield ctx.df.callEntity(new df.EntityId('box', 'b'), 'get');
        break;
      case 'nothing':
        break;
    }
    yield ctx.df.waitForExternalEvent('go');
  });
  df.app.orchestration('longWait', function* (ctx) {
    const days = ctx.df.getInput<number>();
    const timer = ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + days * DAY));
    const stop = ctx.df.waitForExternalEvent('stop');
    const first: unknown = yield ctx.df.Task.any([timer, stop]);
    if (first === timer) return ctx.df.currentUtcDateTime.toISOString();
    timer.cancel();
    return 'stopped';
  });
  df.app.orchestration('guids', function* (ctx) {
    const early = [1, 2, 3].map(() => ctx.df.newGuid(ctx.df.instanceId));
    ctx.df.setCustomStatus(early);
    yield ctx.df.waitForExternalEvent('go');
    return early;
  });
  df.app.orchestration('impatient', function* (ctx) {
    const options = Object.assign(new df.RetryOptions(1000, 10), { retryTimeoutInMilliseconds: 2500 });
    yield ctx.df.callActivityWithRetry('fails', options);
  });
  df.app.orchestration('unhandled', function* (ctx) {
    yield ctx.df.callActivity('fails', ctx.df.getInput());
  });
  df.app.orchestration('parentOfUnhandled', function* (ctx) {
    yield ctx.df.callSubOrchestrator('unhandled', ctx.df.getInput(), `${ctx.df.instanceId}-child`);
  });
  df.app.orchestration('loops', function* (ctx) {
    const round = ctx.df.getInput<number>();
    const lock = (yield ctx.df.lock(new df.EntityId('box', 'b'))) as { release(): void };
    yield ctx.df.callActivity('one');
    if (round < 3) ctx.df.continueAsNew(round + 1);
    else lock.release();
    return round;
  });
}
