import type { InvocationContext, Timer } from '@azure/functions';
import type { Instances } from '../../adapters/instances';
import type { Ports } from '../../adapters/ports';
import type { CapacityCommand } from '../../domain/capacity/messages';
import { decodeQueue } from '../../domain/run-queue/codec';
import type { Grant, QueueState } from '../../domain/run-queue/state';
import { grantRef, needsWatch } from '../../domain/run-queue/state';
import { INBOX } from '../../domain/runs/inbox-messages';
import type { InboxMessage } from '../../domain/runs/inbox-messages';
import { QUEUE_WATCH, WATCH_KEYS } from '../../entities/queue-watch.entity';
import { CAPACITY_KEY, RUN_QUEUE, UNATTENDED_CAPACITY } from '../../entities/queue-names';
import type { StoredEntity } from '../../entities/run-queue.entity';
import type { QueueOrder } from '../../orchestrators/call-queue';
import { signalQueue } from '../queues/signal-queue';

/**
 * Every minute: looks after every queue that is listed because it holds grants or has not delivered all its effects. Outboxes that a
 * crash left are drained (rule 7), grants of ended owners are marked to be stopped and freed after three hours' silence
 * (rule 4), living owners learn that their agent was silent for so long (row H3).
 */
export function watchQueues(
  ports: Pick<Ports, 'runs' | 'settings' | 'now'>,
  instancesOf: (context: InvocationContext) => Instances,
): (timer: Timer, context: InvocationContext) => Promise<void> {
  /** Oldest effect that each queue had on the last pass: its courier may still be delivering it. */
  const lastOldest = new Map<string, number>();

  return async (_timer, context) => {
    const instances = instancesOf(context);
    const watched = await listed(instances);
    const queues = watched.flatMap(({ entity, key }) => (entity === RUN_QUEUE ? [key] : []));
    if (watched.some(({ entity }) => entity === UNATTENDED_CAPACITY))
      await watchCapacity(instances, ports.now());
    for (const queue of lastOldest.keys()) if (!queues.includes(queue)) lastOldest.delete(queue);
    const outcomes = await Promise.allSettled(queues.map((queue) => watch(queue, instances)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        context.warn(`A queue could not be watched: ${String(outcome.reason)}`);
    }
  };

  async function watch(queue: string, instances: Instances): Promise<void> {
    const tell = (order: QueueOrder): Promise<void> => signalQueue(instances, queue, order, ports.now());
    const stored = (await instances.readEntity(RUN_QUEUE, queue)) as StoredEntity | undefined;
    if (!stored) return;
    const state = decodeQueue(stored.queue);
    if (isLeftBehind(queue, state)) await tell({ kind: 'confirm', upTo: 0, resend: true });

    const silentBeforeMs = ports.now() - ports.settings.silenceMs;
    const owned = await filterAsync(
      state.grants,
      async (grant) => (await instances.stateOf(grant.entry.owner)) === 'open',
    );
    const ownerless = state.grants.filter(
      (grant) => grant.stoppingMs === undefined && !owned.includes(grant),
    );
    // Before `reconcile`: once that has freed the machine, nobody knows of the grant whose owner waits.
    for (const grant of owned) await tellSilence(grant, silentBeforeMs, instances);
    const overdue = state.grants.some(
      ({ stoppingMs }) => stoppingMs !== undefined && stoppingMs < silentBeforeMs,
    );
    const retry = state.entries.some(({ refusals }) =>
      refusals.some(({ untilMs }) => untilMs <= ports.now()),
    );
    // Only `reconcile` takes an idle queue off the list.
    if (ownerless.length > 0 || overdue || retry || !needsWatch(state)) {
      await tell({ kind: 'reconcile', ended: ownerless.map(grantRef), silentBeforeMs });
    }
  }

  /** True when the oldest effect has stood in the outbox since the last pass. */
  function isLeftBehind(queue: string, { outbox }: QueueState): boolean {
    const oldest = outbox[0]?.id;
    const before = lastOldest.get(queue);
    if (oldest === undefined) lastOldest.delete(queue);
    else lastOldest.set(queue, oldest);
    return oldest !== undefined && oldest === before;
  }

  async function tellSilence(grant: Grant, silentBeforeMs: number, instances: Instances): Promise<void> {
    if (grant.grantedMs >= silentBeforeMs) return;
    const row = await ports.runs.get(grant.entry.run);
    // A grant of a former registration is given up three hours after the new one, whatever was heard (docs/adr/0002).
    const sinceMs = grant.stoppingMs ?? Math.max(grant.grantedMs, row?.heardMs ?? 0);
    if (sinceMs >= silentBeforeMs) return;
    const message: InboxMessage = { kind: 'silent', grant: grantRef(grant), sinceMs };
    await instances.raise(grant.entry.owner, INBOX, message);
  }
}

/** Rule 7: bots that were lent and not passed on. `reconcile` also takes an idle one off the list. */
function watchCapacity(instances: Instances, nowMs: number): Promise<void> {
  const command: CapacityCommand = { kind: 'reconcile', now: nowMs };
  return instances.signal(UNATTENDED_CAPACITY, CAPACITY_KEY, command.kind, command);
}

async function listed(instances: Instances): Promise<{ entity: string; key: string }[]> {
  const lists = await Promise.all(WATCH_KEYS.map((key) => instances.readEntity(QUEUE_WATCH, key)));
  return lists
    .flatMap((list) => Object.keys((list ?? {}) as Record<string, number>))
    .map((name) => {
      const slash = name.indexOf('/');
      return { entity: name.slice(0, slash), key: name.slice(slash + 1) };
    });
}

async function filterAsync<Item>(items: Item[], test: (item: Item) => Promise<boolean>): Promise<Item[]> {
  const wanted = await Promise.all(items.map(test));
  return items.filter((_item, index) => wanted[index]);
}
