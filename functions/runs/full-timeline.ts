import { z } from 'zod';
import type { FeedEntry, Ports } from '../../adapters/ports';
import { priority, type TimelineEntry } from '../../contracts/runs';

const words = {
  priorityChanged: 'priority changed',
  movedToTop: 'moved to top',
  movedBack: 'moved back',
} as const;

const personsChange = z.object({
  what: z.enum(['priorityChanged', 'movedToTop', 'movedBack']),
  actor: z.string(),
  from: priority.optional(),
  to: priority.optional(),
});

/** The run's own story with what people did to it in the queue (row F10), in order of time. */
export async function fullTimeline(
  { feed }: Pick<Ports, 'feed'>,
  run: string,
  own: TimelineEntry[] | undefined,
): Promise<TimelineEntry[] | undefined> {
  const others = (await feed.ofRun(run)).flatMap(timelineEntry);
  if (others.length === 0) return own;
  return [...(own ?? []), ...others].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function timelineEntry({ atMs, change }: FeedEntry): TimelineEntry[] {
  const done = personsChange.safeParse(change);
  if (!done.success) return [];
  const { what, actor, from, to } = done.data;
  const reason = from && to ? { reason: `${from} → ${to}` } : {};
  return [{ at: new Date(atMs).toISOString(), what: words[what], actor, ...reason }];
}
