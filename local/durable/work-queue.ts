/**
 * Decides which instance works next: first come, first served, one work item per instance at a time. Hands control back
 * to the event loop between slices so that requests and timers are served under load.
 */
export class WorkQueue {
  private readonly ready = new Set<number>();
  private readonly running = new Set<number>();
  private readonly again = new Set<number>();
  private scheduled = false;
  private open = false;

  constructor(
    private readonly limit: number,
    private readonly work: (instance: number) => Promise<void>,
    private readonly onQuiet: () => void,
  ) {}

  /** How long one slice may keep the event loop (ms). */
  private static readonly SLICE_MS = 5;

  get isQuiet(): boolean {
    return this.ready.size === 0 && this.running.size === 0;
  }

  get isResting(): boolean {
    return this.running.size === 0;
  }

  isRunning(instance: number): boolean {
    return this.running.has(instance);
  }

  start(): void {
    this.open = true;
    this.schedule();
  }

  /** Takes up no further work; what runs goes on. */
  pause(): void {
    this.open = false;
  }

  /** The instance has something to do; asked while it runs, it runs once more afterwards. */
  add(instance: number): void {
    if (this.running.has(instance)) this.again.add(instance);
    else this.ready.add(instance);
    this.schedule();
  }

  clear(): void {
    this.ready.clear();
    this.again.clear();
  }

  private schedule(): void {
    if (this.scheduled || !this.open || this.ready.size === 0 || this.running.size >= this.limit) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.slice();
    });
  }

  private slice(): void {
    const until = performance.now() + WorkQueue.SLICE_MS;
    for (const instance of this.ready) {
      if (!this.open || this.running.size >= this.limit) break;
      this.ready.delete(instance);
      this.running.add(instance);
      void this.work(instance).finally(() => this.done(instance));
      if (performance.now() > until) break;
    }
    this.schedule();
  }

  private done(instance: number): void {
    this.running.delete(instance);
    if (this.again.delete(instance)) this.ready.add(instance);
    this.schedule();
    if (this.running.size === 0) this.onQuiet();
  }
}
