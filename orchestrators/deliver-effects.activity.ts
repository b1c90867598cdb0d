import type { InvocationContext } from '@azure/functions';
import type { Instances } from '../adapters/instances';
import type { FeedEntry, Ports } from '../adapters/ports';
import type { GrantRef, QueueEffect } from '../domain/run-queue/messages';
import { INBOX } from '../domain/runs/inbox-messages';
import type { InboxMessage } from '../domain/runs/inbox-messages';

export interface Delivery {
  /** False: something is still in the way; the effects stay in the outbox and are delivered again. */
  complete: boolean;
  /** Grants whose owner does not exist. An owner that has ended takes its grant without a word; the queue watch finds it. */
  orphans: GrantRef[];
}

type Of<Kind extends QueueEffect['kind']> = Extract<QueueEffect, { kind: Kind }>;

/**
 * Takes the effects of a queue where they belong, in one go: grants and moves to their owners' inboxes, stops to the agents,
 * changes to the feed. Each may come more than once; receivers know what they have seen.
 */
export function deliverEffects(
  { settings, feed, commands }: Pick<Ports, 'settings' | 'feed' | 'commands'>,
  instancesOf: (context: InvocationContext) => Instances,
) {
  return async (
    { queue, effects }: { queue: string; effects: QueueEffect[] },
    context: InvocationContext,
  ): Promise<Delivery> => {
    const instances = instancesOf(context);
    const orphans: GrantRef[] = [];
    const tell = async (owner: string, message: InboxMessage): Promise<'told' | 'unknown'> =>
      instances.raise(owner, INBOX, message);

    async function grant({ owner, grant: given }: Of<'grant'>): Promise<void> {
      const answer = await tell(owner, { kind: 'granted', queue, grant: given });
      if (answer === 'unknown') orphans.push(given);
    }

    async function moved({ owner, target, move }: Of<'moved'>): Promise<void> {
      await tell(owner, { kind: 'moved', queue, target, move });
    }

    async function stop({ owner, grant: { run, machine, fence }, reason }: Of<'stop'>): Promise<void> {
      const graceMs = settings.stopGraceMs;
      await commands.send({ v: 1, kind: 'stop', run, machine, fence, reason, graceMs });
      if (reason === 'released') await tell(owner, { kind: 'takenAway', grant: { run, machine, fence } });
    }

    async function deliver(effect: QueueEffect): Promise<void> {
      switch (effect.kind) {
        case 'grant':
          return grant(effect);
        case 'moved':
          return moved(effect);
        case 'stop':
          return stop(effect);
        // In one append below.
        case 'changed':
          return;
        // The orchestration calls unattended-capacity itself: in order, which activities could not promise.
        case 'wantBot':
        case 'returnBot':
          return;
      }
    }

    const changes = effects.flatMap((effect) =>
      effect.kind === 'changed' ? [feedEntry(queue, effect)] : [],
    );
    const outcomes = await Promise.allSettled([
      ...effects.map(deliver),
      ...(changes.length > 0 ? [feed.append(changes)] : []),
    ]);
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of failures)
      context.warn(`Effects of queue ${queue} are delivered later: ${String(reason)}`);
    return { complete: failures.length === 0, orphans };
  };
}

function feedEntry(queue: string, { number, atMs, change }: Of<'changed'>): FeedEntry {
  return { queue, number, atMs, change };
}
