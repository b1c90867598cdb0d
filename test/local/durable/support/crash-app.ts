import type * as Sdk from 'durable-functions';

/** Events that each instance of `load` waits for. */
export const EVENTS = 3;

/** An app that uses everything at once; activities report to the journal, which outlives a kill. */
export function registerCrashApp(df: typeof Sdk, journal: (line: string) => void): void {
  df.app.activity('note', {
    handler: (input: unknown) => {
      journal(String(input));
      return input;
    },
  });
  df.app.entity('counter', (ctx) => {
    const current = Number(ctx.df.getState(() => 0));
    if (ctx.df.operationName === 'add') {
      const next = current + Number(ctx.df.getInput());
      ctx.df.setState(next);
      ctx.df.return(next);
    } else ctx.df.return(current);
  });
  df.app.orchestration('child', function* (ctx) {
    return (yield ctx.df.callActivity('note', `${ctx.df.instanceId}`)) as unknown;
  });
  df.app.orchestration('load', function* (ctx) {
    const id = ctx.df.instanceId;
    const seen: unknown[] = [];
    const total = new df.EntityId('counter', 'total');
    const shared = new df.EntityId('counter', 'shared');
    for (let i = 0; i < EVENTS; i++) {
      seen.push(yield ctx.df.waitForExternalEvent('go'));
      yield ctx.df.callActivity('note', `${id}/${i}`);
      yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 5));
      yield ctx.df.callEntity(total, 'add', 1);
      ctx.df.signalEntity(total, 'add', 1);
    }
    yield ctx.df.callSubOrchestrator('child', null, `${id}-child`);
    const lock = (yield ctx.df.lock([total, shared])) as { release(): void };
    try {
      const before = (yield ctx.df.callEntity(shared, 'get')) as number;
      yield ctx.df.callEntity(shared, 'add', 1);
      const after = (yield ctx.df.callEntity(shared, 'get')) as number;
      return { seen, alone: after === before + 1 };
    } finally {
      lock.release();
    }
  });
}
