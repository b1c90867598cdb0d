/** A bounded memory of what was read or written last; the least recently used entry goes first. */
export class Cache<V> {
  private readonly entries = new Map<string, { value: V; untilMs: number }>();

  constructor(private readonly options: { entries: number; keepMs?: number; now?: () => number }) {}

  get(key: string): V | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    if (entry.untilMs <= this.now()) return undefined;
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, { value, untilMs: this.now() + (this.options.keepMs ?? Number.POSITIVE_INFINITY) });
    const oldest = this.entries.size > this.options.entries ? this.entries.keys().next() : undefined;
    if (oldest && !oldest.done) this.entries.delete(oldest.value);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  private now(): number {
    return this.options.now?.() ?? 0;
  }
}
