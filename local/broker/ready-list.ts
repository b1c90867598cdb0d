/**
 * Sequence numbers that wait for a receiver, lowest first. New messages come in order; returned ones are few and go
 * before them. Removing is left to the reader: it skips a number that is no longer ready.
 */
export class ReadyList {
  private fresh: number[] = [];
  private head = 0;
  private returned: number[] = [];

  /** Numbers held, including those that are no longer ready. */
  get size(): number {
    return this.fresh.length - this.head + this.returned.length;
  }

  add(seq: number): void {
    const newest = this.fresh[this.fresh.length - 1];
    if (newest === undefined || seq > newest) this.fresh.push(seq);
    else this.insertReturned(seq);
  }

  /** The lowest number, taken off the list. */
  take(): number | undefined {
    const fresh = this.fresh[this.head];
    const returned = this.returned[this.returned.length - 1];
    if (returned !== undefined && (fresh === undefined || returned < fresh)) return this.returned.pop();
    if (fresh === undefined) return undefined;
    this.head++;
    if (this.head > 1024 && this.head * 2 > this.fresh.length) {
      this.fresh = this.fresh.slice(this.head);
      this.head = 0;
    }
    return fresh;
  }

  clear(): void {
    this.fresh = [];
    this.returned = [];
    this.head = 0;
  }

  /** Kept from high to low, so that the next one is taken off the end. */
  private insertReturned(seq: number): void {
    let low = 0;
    let high = this.returned.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.returned[middle] ?? 0) > seq) low = middle + 1;
      else high = middle;
    }
    this.returned.splice(low, 0, seq);
  }
}
