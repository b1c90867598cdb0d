import { z } from 'zod';
import { entityHandler } from './operation';
import type { Operation, Outcome, Signal } from './operation';

/** A few entities that list what a timer has to look after: queues that hold grants, outboxes that are not empty (rule 7). */
export const QUEUE_WATCH = 'queue-watch';

/** Keys of the watches. Each entity lists itself in the one that its name falls to. */
export const WATCH_KEYS = ['w0', 'w1', 'w2', 'w3'] as const;

/** `<entity>/<key>` of what is watched, with the number of its last signal. */
type Watched = Record<string, number>;

/** `read` (no input) answers with a WatchList; `list` and `unlist` are signals. */
export interface WatchList {
  watched: { entity: string; key: string }[];
}

const signalInput = z.object({ watched: z.string().regex(/^[^/]+\/.+$/), seq: z.int().min(1) });

export const queueWatchEntity = entityHandler<Watched>({
  operate,
  failed: (detail) => ({ refused: detail }),
});

function operate({ name, input, stored = {} }: Operation<Watched>): Outcome<Watched> {
  if (name === 'read') return { answer: watchList(stored) };
  if (name !== 'list' && name !== 'unlist') return { answer: { refused: `There is no operation ${name}.` } };
  const signal = signalInput.safeParse(input);
  if (!signal.success) return { answer: { refused: z.prettifyError(signal.error) } };
  const { watched, seq } = signal.data;
  // A late signal must not hide what was listed after it; listing too much costs one look.
  if (seq < (stored[watched] ?? 0)) return { answer: { ok: true } };
  const { [watched]: _known, ...others } = stored;
  return { stored: name === 'list' ? { ...others, [watched]: seq } : others, answer: { ok: true } };
}

function watchList(stored: Watched): WatchList {
  return {
    watched: Object.keys(stored).map((name) => {
      const slash = name.indexOf('/');
      return { entity: name.slice(0, slash), key: name.slice(slash + 1) };
    }),
  };
}

/** The signal by which an entity enters or leaves its watch's list; `seq` rises with each. */
export function watchSignal(change: { watched: string; listed: boolean; seq: number }): Signal {
  return {
    entity: QUEUE_WATCH,
    key: watchKey(change.watched),
    operation: change.listed ? 'list' : 'unlist',
    input: { watched: change.watched, seq: change.seq },
  };
}

function watchKey(watched: string): string {
  let sum = 0;
  for (const character of watched) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return WATCH_KEYS[sum % WATCH_KEYS.length] ?? WATCH_KEYS[0];
}
