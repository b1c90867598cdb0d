import type { ChangeFeed, FeedEntry } from '../../adapters/ports';

/** Changes of other processes are found by reading; those of this one wake the reader at once. */
const READ_EVERY_MS = 1_000;
/** Entries that are remembered for watchers that are not far behind. */
const REMEMBERED = 500;
/** Numbers rise by one; a missing one is waited for so long, then given up (ms). */
const GAP_MS = 5_000;

type Feed = Pick<ChangeFeed, 'read' | 'onAppended'>;

/** Readers of the change feed: one for each queue that is watched, shared by all its watchers. */
export class FeedHub {
  private readonly readers = new Map<string, QueueReader>();

  constructor(private readonly options: { feed: Feed; now: () => number }) {
    options.feed.onAppended((queue) => this.readers.get(queue)?.wake());
  }

  /** Begins watching a queue from change `after` on. Every watch has to be closed. */
  watch(queue: string, after: number): Watch {
    const known = this.readers.get(queue);
    const reader =
      known ?? new QueueReader({ ...this.options, queue, after, idle: () => this.readers.delete(queue) });
    if (!known) this.readers.set(queue, reader);
    return new Watch(reader, after);
  }

  /** Queues that are read now. */
  get reading(): number {
    return this.readers.size;
  }
}

/** One watcher's place in the feed of a queue. */
export class Watch {
  private readonly closing = new AbortController();

  constructor(
    private readonly reader: QueueReader,
    private after: number,
  ) {
    reader.join();
  }

  get closed(): boolean {
    return this.closing.signal.aborted;
  }

  /** What came since, at most `top`; waits for something to come, at most `waitMs`. Empty when nothing did, or when closed. */
  async next(waitMs: number, top = 100): Promise<FeedEntry[]> {
    const untilMs = performance.now() + waitMs;
    for (;;) {
      const entries = this.closed ? [] : await this.reader.since(this.after, top);
      const last = entries.at(-1);
      if (last) this.after = last.number;
      const leftMs = untilMs - performance.now();
      if (last || this.closed || leftMs <= 0) return entries;
      await this.reader.change(leftMs, this.closing.signal);
    }
  }

  /** The value of `view` for the state that the reader has seen, made once for all watchers. */
  view<V>(make: () => Promise<V>): Promise<V> {
    return this.reader.view(make);
  }

  close(): void {
    if (this.closed) return;
    this.closing.abort();
    this.reader.leave();
  }
}

class QueueReader {
  private watchers = 0;
  private last: number;
  private recent: FeedEntry[] = [];
  private reading = false;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly waiting = new Set<() => void>();
  private made: { last: number; value: Promise<unknown> } | undefined;

  constructor(
    private readonly options: {
      feed: Feed;
      now: () => number;
      queue: string;
      after: number;
      idle: () => void;
    },
  ) {
    this.last = options.after;
  }

  join(): void {
    this.watchers += 1;
    this.wake();
  }

  leave(): void {
    this.watchers -= 1;
    if (this.watchers > 0) return;
    clearTimeout(this.timer);
    this.options.idle();
  }

  wake(): void {
    clearTimeout(this.timer);
    if (this.reading) this.again = true;
    else void this.read();
  }

  /** From memory for those who keep up; whoever is far behind reads for himself. */
  async since(after: number, top: number): Promise<FeedEntry[]> {
    const first = this.recent[0]?.number;
    if (first !== undefined && after >= first - 1) {
      return this.recent.filter(({ number }) => number > after).slice(0, top);
    }
    if (after >= this.last) return [];
    return this.withoutGap(await this.options.feed.read(this.options.queue, after, top), after);
  }

  change(waitMs: number, closing: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        closing.removeEventListener('abort', done);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      closing.addEventListener('abort', done);
      this.waiting.add(done);
    });
  }

  view<V>(make: () => Promise<V>): Promise<V> {
    if (this.made?.last !== this.last) {
      const value = make();
      const made = { last: this.last, value };
      this.made = made;
      // Whoever asks next tries again.
      value.catch(() => {
        if (this.made === made) this.made = undefined;
      });
      return value;
    }
    return this.made.value as Promise<V>;
  }

  private async read(): Promise<void> {
    this.reading = true;
    do {
      this.again = false;
      try {
        const found = await this.options.feed.read(this.options.queue, this.last, REMEMBERED);
        this.remember(this.withoutGap(found, this.last));
      } catch {
        // The store is away: what was missed is read the next time.
      }
    } while (this.again);
    this.reading = false;
    if (this.watchers > 0) this.timer = setTimeout(() => void this.read(), READ_EVERY_MS).unref();
  }

  private remember(entries: FeedEntry[]): void {
    const last = entries.at(-1);
    if (!last) return;
    this.recent = [...this.recent, ...entries].slice(-REMEMBERED);
    this.last = last.number;
    for (const done of this.waiting) done();
  }

  private withoutGap(entries: FeedEntry[], after: number): FeedEntry[] {
    const shown: FeedEntry[] = [];
    let last = after;
    for (const entry of entries) {
      if (entry.number !== last + 1 && this.options.now() - entry.atMs < GAP_MS) break;
      shown.push(entry);
      last = entry.number;
    }
    return shown;
  }
}
