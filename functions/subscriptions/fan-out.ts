import type { Subscription } from '../../adapters/event-ports';
import type { Ports } from '../../adapters/ports';
import { isWanted, type OutgoingEvent } from '../../domain/outgoing-events/events';

/** Events in one read, and reads in one pass: what is left waits for the next pass. */
const BATCH = 200;
const BATCHES = 10;

/** Of a cloud-flow run's id; those of its desktop-flow runs begin with it. */
const RUN_LENGTH = 26;

type FanOutPorts = Pick<Ports, 'events' | 'deliveries' | 'subscriptions' | 'runs' | 'now'>;

/**
 * Puts noted events up for delivery to whom they concern. A note goes last of all, so a crash repeats the work and loses nothing; what was put up
 * already is found under the same key.
 */
export async function fanOut(ports: FanOutPorts, subscriptions: readonly Subscription[]): Promise<void> {
  const open = subscriptions.filter(({ enabled }) => enabled);
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const noted = await ports.events.pending(BATCH);
    await Promise.all(
      noted.map(async (note) => {
        const event = await ports.events.keep(await complete(ports, note));
        const concerned = open.filter((one) => one.createdMs <= event.atMs && isWanted(one, event));
        const delivery = {
          event: event.id,
          type: event.type,
          attempts: 0,
          dueMs: Math.min(event.atMs, ports.now()),
        };
        await Promise.all(concerned.map(({ id }) => ports.deliveries.enqueue(id, delivery)));
        await ports.events.settle(event.id);
      }),
    );
    if (noted.length < BATCH) return;
  }
}

/** Puts up kept events again, a batch at a time, for subscriptions that asked for it. */
export async function replayKept(ports: FanOutPorts, subscriptions: readonly Subscription[]): Promise<void> {
  for (const subscription of subscriptions) {
    let after = subscription.enabled ? subscription.replayAfter : undefined;
    for (let batch = 0; after !== undefined && batch < BATCHES; batch += 1) {
      const kept: OutgoingEvent[] = await ports.events.after(after, BATCH);
      const dueMs = ports.now();
      await Promise.all(
        kept
          .filter((event) => isWanted(subscription, event))
          .map(({ id, type }) =>
            ports.deliveries.enqueue(subscription.id, { event: id, type, attempts: 0, dueMs }),
          ),
      );
      after = kept.length < BATCH ? undefined : kept.at(-1)?.id;
      await ports.subscriptions.noteReplay(subscription.id, after);
    }
  }
}

/** What the run index knows of the run is added here, so that whoever notes an event need not look. */
async function complete({ runs }: Pick<Ports, 'runs'>, event: OutgoingEvent): Promise<OutgoingEvent> {
  if (event.run === undefined) return event;
  const parent = event.run.slice(0, RUN_LENGTH);
  const isChild = parent !== event.run;
  const [row, parentRow] = await Promise.all([runs.get(event.run), isChild ? runs.get(parent) : undefined]);
  const flow = isChild ? parentRow?.name : row?.name;
  const facts = {
    kind: isChild ? 'desktop' : 'cloud',
    flow,
    ...(isChild ? { parent, desktopFlow: row?.name, machine: row?.machine } : { trigger: row?.trigger }),
    startedBy: row?.startedBy,
    requestedAt: row && new Date(row.requestedMs).toISOString(),
    link: `/api/runs/${event.run}`,
  };
  return { ...event, flow, data: { ...facts, ...event.data } };
}
