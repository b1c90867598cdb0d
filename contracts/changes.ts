import { z } from 'zod';
import { instant } from './ids';

/*
 * GET /api/stream?queue=|machine=|run=[&view=queue]              server-sent events, resumable by Last-Event-ID (row F4)
 * GET /api/changes?queue=|machine=|run=&after=&wait=25s&top=     changesPage: the long-poll twin
 *
 * Events of the stream: `change` (id: its number, data: changeView) and, with view=queue, `queue` (data: queueView) at once and after
 * changes. Lines that begin with a colon are heartbeats.
 */

export const changeView = z.object({
  queue: z.string(),
  number: z.int(),
  at: instant,
  change: z.looseObject({ what: z.string() }),
});
export type ChangeView = z.infer<typeof changeView>;

export const changesPage = z.object({
  queue: z.string(),
  changes: z.array(changeView),
  next: z.int().describe('Value of `after` for what comes next.'),
});
export type ChangesPage = z.infer<typeof changesPage>;
