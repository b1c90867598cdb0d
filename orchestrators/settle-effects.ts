import type { OrchestrationContext, Task } from 'durable-functions';
import { ask, settleEffects } from './call-queue';
import { Inbox } from './inbox';

/** Rule 7: delivers what a queue's outbox still holds because whoever called the queue did not live to deliver it. */
export function* settleQueue({ df }: OrchestrationContext): Generator<Task, void, unknown> {
  const { queue } = df.getInput<{ queue: string }>();
  const caller = { df, inbox: new Inbox(df) };
  const answer = yield* ask(caller, queue, { kind: 'confirm', upTo: 0 });
  yield* settleEffects(caller, queue, answer);
}
