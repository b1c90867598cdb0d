import type { InvocationContext } from '@azure/functions';
import type { Delivery, QueueEffect } from '../domain/run-queue/messages';
import { INBOX } from '../domain/runs/inbox-messages';
import type { InboxMessage } from '../domain/runs/inbox-messages';
import type { Instances } from './instances';
import type { FeedEntry, Ports } from './ports';
import type { RunSpeakers } from './run-speakers';

type Of<Kind extends QueueEffect['kind']> = Extract<QueueEffect, { kind: Kind }>;

/** What is not delivered by then is sent again later; the next shipment of the queue does not wait for it (ms). */
const PATIENCE_MS = 10_000;

/**
 * Takes effects of a queue where they belong, at the same time: grants to the inboxes of their owners and as offers to the machines,
 * stops to the agents, changes to the feed. Each may come more than once; receivers know what they have seen.
 */
export function deliverEffects(
  { settings, feed, commands, now }: Pick<Ports, 'settings' | 'feed' | 'commands' | 'now'>,
  speakers: RunSpeakers,
  instancesOf: (context: InvocationContext) => Instances,
) {
  return async (queue: string, effects: QueueEffect[], context: InvocationContext): Promise<Delivery> => {
    const instances = instancesOf(context);
    const orphans: Delivery['orphans'] = [];
    const tell = (owner: string, message: InboxMessage): Promise<'told' | 'unknown'> =>
      instances.raise(owner, INBOX, message);

    /** The run has been granted again since: what it was given before is over. */
    function isSuperseded({ id, grant: { run } }: Of<'grant'>): boolean {
      return effects.some((other) => other.kind === 'grant' && other.grant.run === run && other.id > id);
    }

    async function grant(effect: Of<'grant'>): Promise<void> {
      await Promise.all([offer(queue, effect), ...(effect.told ? [] : [tellGrant(effect)])]);
    }

    async function tellGrant({ owner, grant: given }: Of<'grant'>): Promise<void> {
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

    const changes = effects.filter((effect) => effect.kind === 'changed');
    const appended =
      changes.length > 0 ? feed.append(changes.map((change) => feedEntry(queue, change))) : undefined;

    async function deliver(effect: QueueEffect): Promise<void> {
      switch (effect.kind) {
        case 'grant':
          return isSuperseded(effect) ? undefined : grant(effect);
        case 'moved':
          return moved(effect);
        case 'stop':
          return stop(effect);
        // All in one append.
        case 'changed':
          return appended;
        // The courier signals unattended-capacity, in order.
        case 'wantBot':
        case 'returnBot':
          return;
      }
    }

    const outcomes = await Promise.allSettled(effects.map((effect) => withinPatience(deliver(effect))));
    const failed = effects.flatMap(({ id }, index) => {
      const outcome = outcomes[index];
      if (outcome?.status !== 'rejected') return [];
      context.warn(`Effect ${id} of queue ${queue} is delivered later: ${String(outcome.reason)}`);
      return [id];
    });
    return { failed, orphans, atMs: now() };
  };

  /** Row L4. */
  async function offer(
    queue: string,
    { grant, offer: { userKey, runner, deadlineMs } }: Of<'grant'>,
  ): Promise<void> {
    const { run, machine, fence } = grant;
    const ttlMs = Math.max(1, Math.min(settings.acceptWithinMs, deadlineMs - now()));
    await Promise.all([
      speakers.appoint({ grant, queue }),
      commands.send({ v: 1, kind: 'offer', run, machine, fence, userKey, runner }, { ttlMs }),
    ]);
  }
}

function feedEntry(queue: string, { number, atMs, change }: Of<'changed'>): FeedEntry {
  return { queue, number, atMs, change };
}

async function withinPatience<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not delivered within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
