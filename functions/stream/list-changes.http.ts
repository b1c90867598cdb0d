import { z } from 'zod';
import type { Ports } from '../../adapters/ports';
import type { ChangesPage } from '../../contracts/changes';
import { http, json, type Handler } from '../http';
import { parseQuery } from '../request-body';
import type { FeedHub } from './feed-hub';
import { changeView, watchedQuery, watchedQueue } from './watched-queue';

const MOST_WAIT_S = 60;

const query = z.strictObject({
  ...watchedQuery,
  after: z.coerce.number().int().min(0).default(0),
  top: z.coerce.number().int().min(1).max(500).default(100),
  wait: z
    .string()
    .regex(/^\d{1,3}s?$/, 'is not a number of seconds such as 25s')
    .transform((text) => Number.parseInt(text, 10))
    .pipe(z.number().max(MOST_WAIT_S))
    .default(0),
});

/** GET changes?queue=&after=&wait=25s: the changes after number `after`; with `wait` the answer waits for one, at most so long. */
export function listChanges(ports: Ports, hub: FeedHub): Handler {
  return http(async (request) => {
    const { after, top, wait, ...asked } = parseQuery(query, request);
    const { queue, shows } = await watchedQueue(ports, asked);
    let entries = await ports.feed.read(queue, after, top);
    if (entries.length === 0 && wait > 0) {
      const watch = hub.watch(queue, after);
      try {
        entries = await watch.next(wait * 1_000, top);
      } finally {
        watch.close();
      }
    }
    const body: ChangesPage = {
      queue,
      changes: entries.filter(shows).map(changeView),
      next: entries.at(-1)?.number ?? after,
    };
    return json(body);
  });
}
