import type { Clock } from '../clock';

/**
 * Keys with a time, one alarm for all. A key is never removed: whoever is called checks whether it still matters, and
 * `sweep` throws away those that do not once they outnumber the live ones.
 */
export class Deadlines<K> {
  private heap: { atMs: number; key: K }[] = [];
  private armedFor: number | undefined;
  private cancel: (() => void) | undefined;
  private sweepAt = 1024;

  /**
   * @param due called for every key whose time has come, in order of time.
   * @param alive false for a key that no longer matters.
   */
  constructor(
    private readonly clock: Clock,
    private readonly due: (keys: K[]) => void,
    private readonly alive: (key: K) => boolean,
  ) {}

  add(atMs: number, key: K): void {
    this.push({ atMs, key });
    if (this.heap.length >= this.sweepAt) this.sweep();
    this.arm();
  }

  clear(): void {
    this.cancel?.();
    this.armedFor = undefined;
    this.heap = [];
  }

  private sweep(): void {
    const live = this.heap.filter((item) => this.alive(item.key));
    this.heap = [];
    for (const item of live) this.push(item);
    this.sweepAt = Math.max(1024, live.length * 2);
  }

  private arm(): void {
    const first = this.heap[0]?.atMs;
    if (first === undefined || (this.armedFor !== undefined && this.armedFor <= first)) return;
    this.cancel?.();
    this.armedFor = first;
    this.cancel = this.clock.at(first, () => this.fire());
  }

  private fire(): void {
    this.armedFor = undefined;
    const now = this.clock.now();
    const keys: K[] = [];
    for (let item = this.heap[0]; item && item.atMs <= now; item = this.heap[0]) {
      keys.push(item.key);
      this.pop();
    }
    this.arm();
    if (keys.length > 0) this.due(keys);
  }

  private push(item: { atMs: number; key: K }): void {
    const { heap } = this;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || above.atMs <= item.atMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = item;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = heap[child + 1];
      if (right && right.atMs < (heap[child]?.atMs ?? Infinity)) child++;
      const below = heap[child];
      if (!below || below.atMs >= last.atMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
