import type { OrchestrationContext, Task } from 'durable-functions';
import { Inbox } from '../../orchestrators/inbox';
import { SdkDriver } from '../support/sdk-driver';

const MINUTE = 60_000;

/** Takes `count` messages; runs an activity after each `every`-th; pauses of a minute end with the word "tick". */
function* collector(context: OrchestrationContext): Generator<Task, string[], unknown> {
  const { count, every } = context.df.getInput<{ count: number; every: number }>();
  const inbox = new Inbox<string>(context.df);
  const seen: string[] = [];
  for (let taken = 1; taken <= count; taken++) {
    const message = yield* inbox.next(inbox.nowMs + MINUTE);
    seen.push(message ?? 'tick');
    context.df.setCustomStatus(seen.filter((word) => word.startsWith('m')));
    if (taken % every === 0) seen.push(yield* inbox.during<string>(context.df.callActivity('work')));
  }
  inbox.close();
  return seen;
}

const NEVER = 1_000_000;

test('events of one episode arrive in order, none is lost', async () => {
  const run = new SdkDriver(collector, { count: 5, every: NEVER });
  await run.start();
  await run.episode([run.raise('a'), run.raise('b'), run.raise('c')]);
  const end = await run.episode([run.raise('d'), run.raise('e')]);
  expect(end).toMatchObject({ isDone: true, output: ['a', 'b', 'c', 'd', 'e'] });
});

test('events before the first wait are kept', async () => {
  const run = new SdkDriver(collector, { count: 2, every: NEVER });
  const end = await run.episode([
    { EventType: 0, Name: 'test', Input: 'null' },
    run.raise('a'),
    run.raise('b'),
  ]);
  expect(end.output).toEqual(['a', 'b']);
});

test('events while an activity runs are kept in order', async () => {
  const run = new SdkDriver(collector, { count: 5, every: 2 });
  await run.start();
  await run.episode([run.raise('a'), run.raise('b'), run.raise('c')]);
  const activity = run.scheduled().findIndex((action) => action.functionName === 'work');
  await run.episode([run.raise('d')]);
  const state = await run.episode([run.raise('e'), run.completed(activity, 'worked'), run.raise('f')]);
  expect(state.isDone).toBe(false);
  const second = run.scheduled().findLastIndex((action) => action.functionName === 'work');
  const end = await run.episode([run.completed(second, 'again')]);
  expect(end.output).toEqual(['a', 'b', 'worked', 'c', 'd', 'again', 'e']);
});

test('a wait whose timer won takes a later event, which still arrives, in order', async () => {
  const run = new SdkDriver(collector, { count: 8, every: 4 });
  await run.start();
  for (const timer of [0, 1, 2]) await run.episode([run.fired(timer)], MINUTE);
  // Three waits have been left behind. One event ends the pause; the activity runs while a burst comes in.
  await run.episode([run.raise('a')]);
  const activity = run.scheduled().findIndex((action) => action.functionName === 'work');
  await run.episode([run.raise('b'), run.raise('c')]);
  await run.episode([run.raise('d'), run.raise('e'), run.completed(activity, 'worked')]);
  const second = run.scheduled().findLastIndex((action) => action.functionName === 'work');
  const end = await run.episode([run.completed(second, 'again')]);
  expect(end.output).toEqual(['tick', 'tick', 'tick', 'a', 'worked', 'b', 'c', 'd', 'e', 'again']);
});

test('an event in the episode of a timer is the next message', async () => {
  const run = new SdkDriver(collector, { count: 3, every: NEVER });
  await run.start();
  await run.episode([run.fired(0), run.raise('a')], MINUTE);
  const end = await run.episode([run.raise('b'), run.fired(2)], MINUTE);
  expect(end.output).toEqual(['tick', 'a', 'b']);
});

test('an event in front of the timer in one episode wins, and its timer is left alone', async () => {
  const run = new SdkDriver(collector, { count: 2, every: NEVER });
  await run.start();
  await run.episode([run.raise('a'), run.fired(0)], MINUTE);
  const end = await run.episode([run.raise('b')]);
  expect(end.output).toEqual(['a', 'b']);
  expect(run.scheduled().map((timer) => timer.isCanceled)).toEqual([false, true]);
});

test('no task is scheduled twice, and timers are cancelled at the end only', async () => {
  const run = new SdkDriver(collector, { count: 3, every: 2 });
  await run.start();
  await run.episode([run.fired(0)], MINUTE);
  await run.episode([run.raise('a')]);
  await run.episode([run.completed(2, 'worked')]);
  expect(run.scheduled().some(({ isCanceled }) => isCanceled)).toBe(false);
  await run.episode([run.raise('b')]);
  expect(run.scheduled().map(({ actionType, isCanceled }) => [actionType, isCanceled])).toEqual([
    [5, false],
    [5, true],
    [0, undefined],
    [5, true],
  ]);
});

test('a pause of thirty days is made of timers the extension does not split', async () => {
  function* sleeper(context: OrchestrationContext): Generator<Task, number, unknown> {
    const inbox = new Inbox<string>(context.df);
    const start = inbox.nowMs;
    yield* inbox.next(start + 30 * 24 * 60 * MINUTE);
    return inbox.nowMs - start;
  }
  const run = new SdkDriver(sleeper);
  let state = await run.start();
  for (let timer = 0; !state.isDone; timer++) {
    state = await run.episode([run.fired(timer)], 5 * 24 * 60 * MINUTE);
  }
  expect(state.output).toBe(30 * 24 * 60 * MINUTE);
  expect(run.scheduled()).toHaveLength(6);
});

/** Random stories: whatever the grouping into episodes, what arrives is what was raised, in that order. */
test('no grouping of events, timers and activities loses or reorders an event', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = generator(seed);
    const run = new SdkDriver(collector, { count: NEVER, every: 3 });
    await run.start();
    const raised: string[] = [];
    for (let turn = 0; turn < 12; turn++) {
      const open = openTasks(run);
      const events = Array.from({ length: Math.floor(random() * 4) }, () => {
        raised.push(`m${raised.length}`);
        return run.raise(raised.at(-1));
      });
      if (open !== undefined && random() < 0.6) {
        const place = Math.floor(random() * (events.length + 1));
        const ending = open.timer ? run.fired(open.id) : run.completed(open.id, 'worked');
        events.splice(place, 0, ending);
      }
      if (events.length > 0) await run.episode(events, MINUTE);
    }
    expect(await messagesOf(run)).toEqual(raised);
  }
});

/** Lets the run go on until it has taken everything, then reads what it took. */
async function messagesOf(run: SdkDriver): Promise<string[]> {
  for (let open = openTasks(run); open && !open.timer; open = openTasks(run)) {
    await run.episode([run.completed(open.id, 'worked')]);
  }
  return taken(run);
}

function taken(run: SdkDriver): string[] {
  return (run.state?.customStatus as string[] | undefined) ?? [];
}

function openTasks(run: SdkDriver): { id: number; timer: boolean } | undefined {
  const ended = new Set(
    run.history
      .flatMap((event) => [event['TimerId'], event['TaskScheduledId']])
      .filter((id) => id !== undefined),
  );
  const tasks = run.scheduled();
  const id = tasks.findLastIndex((task, index) => !ended.has(index) && task.isCanceled !== true);
  const task = tasks[id];
  return task && { id, timer: task.actionType === 5 };
}

/** A small linear congruential generator: the same stories every time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
