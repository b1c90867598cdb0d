import { z } from 'zod';
import { lifecycleEvent, machineEvent, type OutgoingEvent } from '../domain/outgoing-events/events';
import type { OutgoingEvents } from './event-ports';
import type { ChangeFeed, FeedEntry, RunIndex } from './ports';

/*
 * Outgoing events (row L3) are noted where what happened is recorded: after the record, by the same caller, who does both again when either
 * fails. The event has the same id then.
 */

type Events = Pick<OutgoingEvents, 'append'>;

/** The run index that also notes every beginning and end of a run. */
export function announcedRuns(runs: RunIndex, events: Events): RunIndex {
  return {
    record: async (row) => {
      await runs.record(row);
      const event = lifecycleEvent(row);
      if (event) await events.append(event);
    },
    get: (run) => runs.get(run),
    list: (query) => runs.list(query),
    children: (run) => runs.children(run),
    resubmits: (run) => runs.resubmits(run),
    remove: (row) => runs.remove(row),
  };
}

/** The change feed that also notes machines that come and go. */
export function announcedFeed(feed: ChangeFeed, events: Events): ChangeFeed {
  return {
    append: async (entries) => {
      await feed.append(entries);
      await Promise.all(entries.flatMap(presenceEvent).map((event) => events.append(event)));
    },
    read: (queue, after, top) => feed.read(queue, after, top),
    ofRun: (run) => feed.ofRun(run),
    forgetRun: (run) => feed.forgetRun(run),
    onAppended: (listener) => feed.onAppended(listener),
  };
}

const presenceChange = z.object({
  what: z.literal('machine'),
  machine: z.string(),
  change: z.enum(['online', 'offline']),
});

function presenceEvent({ queue, number, atMs, change }: FeedEntry): OutgoingEvent[] {
  const told = presenceChange.safeParse(change);
  if (!told.success) return [];
  const online = told.data.change === 'online';
  return [machineEvent(told.data.machine, { online, queue, number, atMs })];
}
