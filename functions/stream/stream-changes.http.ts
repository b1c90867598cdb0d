import { z } from 'zod';
import type { Ports } from '../../adapters/ports';
import { durableHttp, type DurableHandler } from '../http';
import { readQueueView } from '../queues/queue-view';
import { readQueue } from '../queues/read-queue';
import { parseQuery } from '../request-body';
import type { FeedHub, Watch } from './feed-hub';
import { changeView, lastEventId, watchedQuery, watchedQueue } from './watched-queue';

/** A comment this often shows both sides that the connection lives (ms). */
const HEARTBEAT_MS = 15_000;
/** A queue that changes all the time is shown this often (ms). */
const VIEW_EVERY_MS = 500;

const query = z.strictObject({
  ...watchedQuery,
  after: z.coerce.number().int().min(0).optional(),
  view: z.enum(['queue']).optional(),
});

/**
 * GET stream?queue=|machine=|run= (row F4): changes of a queue as server-sent events, from now on or from the one after Last-Event-ID;
 * with view=queue also the whole queue after each change. All watchers of a queue share one reader.
 *
 * A stream ends after a while by itself, and its reader comes back for what follows: on Azure a function is not told that its client has
 * gone, and one that outlives functionTimeout takes its whole worker process with it.
 */
export function streamChanges(ports: Ports, hub: FeedHub): DurableHandler {
  return durableHttp(async (request, client) => {
    const given = parseQuery(query, request);
    const { queue, shows } = await watchedQueue(ports, given);
    const after = lastEventId(request) ?? given.after ?? (await readQueue(client, queue)).change;
    const watch = hub.watch(queue, after);
    const view = (): Promise<string> =>
      watch.view(async () => event('queue', await readQueueView(client, queue, ports.now())));

    async function* events(): AsyncGenerator<string> {
      const endsMs = performance.now() + ports.settings.streamForMs;
      // The id, so that a reader that has seen no change yet comes back to where it began.
      yield `retry: 2000\nid: ${after}\n\n`;
      if (given.view) yield await view();
      for (;;) {
        const leftMs = endsMs - performance.now();
        if (watch.closed || leftMs <= 0) break;
        const entries = await watch.next(Math.min(HEARTBEAT_MS, leftMs));
        const shown = entries.filter(shows).map((entry) => event('change', changeView(entry), entry.number));
        if (shown.length > 0) yield shown.join('');
        else if (entries.length === 0) yield ': heartbeat\n\n';
        if (given.view && entries.length > 0) {
          yield await view();
          await new Promise((resolve) => setTimeout(resolve, VIEW_EVERY_MS));
        }
      }
      watch.close();
    }
    return {
      status: 200,
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      },
      body: streamOf(events(), watch),
    };
  });
}

function event(name: string, data: unknown, id?: number): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Bytes of the events; when the reader goes away the watch is closed. */
function streamOf(events: AsyncGenerator<string>, watch: Watch): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const next = await events.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    cancel() {
      watch.close();
    },
  });
}
