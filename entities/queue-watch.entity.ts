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

/** What an entity remembers of the watch: the number of its last signal, and whether it is listed. */
export interface WatchMark {
  seq: number;
  listed: boolean;
}

/**
 * Enters an entity that has become busy, and takes an idle one off when it `mayLeave`: only `reconcile` does, since a busy
 * queue would otherwise come and go with every run.
 */
export function watchChange(entity: {
  watched: string;
  before: WatchMark | undefined;
  busy: boolean;
  mayLeave: boolean;
}): { watch: WatchMark; signals: Signal[] } {
  const { watched, busy, before = { seq: 0, listed: false } } = entity;
  const changes = busy ? !before.listed : before.listed && entity.mayLeave;
  if (!changes) return { watch: before, signals: [] };
  const seq = before.seq + 1;
  const signal = {
    entity: QUEUE_WATCH,
    key: watchKey(watched),
    operation: busy ? 'list' : 'unlist',
    input: { watched, seq },
  };
  return { watch: { seq, listed: busy }, signals: [signal] };
}

/** Spreads the watched over the watches. */
function watchKey(watched: string): string {
  let sum = 0;
  for (const character of watched) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return WATCH_KEYS[sum % WATCH_KEYS.length] ?? WATCH_KEYS[0];
}
