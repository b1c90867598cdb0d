import type { Hub, NewInstance } from './hub';
import type { InstanceRow } from './instances';
import type { Message } from './mail';
import type { Execution } from './orchestrations';

/** How long an answer waits for its question, each time and in all (ms). */
const AGAIN_MS = 30_000;
const PATIENCE_MS = 600_000;

/**
 * What a provider that sends before it writes down does when its host is killed in between: all that the work item caused is on its way, what it
 * decided is forgotten, and the messages it had taken come again after a while, behind others. DurableTask's Azure Storage provider is one
 * (CompleteTaskOrchestrationWorkItemAsync); this engine is not. Tests make it one, to see that the app lives with it.
 */
export function forgetWork(
  hub: Hub,
  { seq }: Pick<InstanceRow, 'seq'>,
  { taken, againMs }: { taken: readonly Message[]; againMs: number },
): void {
  hub.consume(seq, taken);
  for (const { body } of taken) hub.addTimer(seq, null, hub.clock.now() + againMs, body);
}

/** Puts answers off for which the history has no question, as that provider does (`IsOutOfOrderMessage`). @returns the rest. */
export function inOrder(hub: Hub, execution: Execution, mail: readonly Message[]): Message[] {
  const scheduled = new Set(execution.past.map(({ EventId: id }) => id));
  const early = mail.filter(({ body }) => {
    if (body.kind !== 'event') return false;
    const of = body.event['TaskScheduledId'] ?? body.event['TimerId'];
    return typeof of === 'number' && of >= 0 && !scheduled.has(of);
  });
  if (early.length > 0) {
    const young = early.filter((message) => hub.clock.now() - sentMs(message) < PATIENCE_MS);
    hub.transaction(() => {
      hub.consume(
        execution.seq,
        early.filter((message) => !young.includes(message)),
      );
      forgetWork(hub, execution, { taken: young, againMs: AGAIN_MS });
    });
  }
  return mail.filter((message) => !early.includes(message));
}

/** A second start of a child makes it begin anew: its provider tells only starts without a parent apart. Events that it has not taken stay. */
export function beginAnew(hub: Hub, child: NewInstance): void {
  const known = hub.instances.find(child.id);
  const mail = known ? hub.mail.peek(known.seq).map(({ body }) => body) : [];
  hub.startInstance(child, () => false);
  const seq = hub.instances.find(child.id)?.seq;
  if (seq === undefined) return;
  for (const body of mail)
    if (body.kind === 'event' && body.executionId === undefined) hub.deliver(seq, body);
}

function sentMs({ body }: Message): number {
  if (body.kind !== 'event') return 0;
  const { FireAt: fireAt, Timestamp: sent } = body.event;
  return Date.parse(typeof fireAt === 'string' ? fireAt : sent);
}
