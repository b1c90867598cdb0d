/** The sessions that runs are in, so that one can be taken from its run. */
export class SessionsInUse<Key> {
  private readonly uses = new Map<Key, { lost: AbortController; left: Promise<void> }>();

  /**
   * A run enters the session.
   * @param lost is aborted when the session is taken.
   * @returns to be called when the run has left.
   */
  enter(key: Key, lost: AbortController): () => void {
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    this.uses.set(key, { lost, left });
    return () => {
      this.uses.delete(key);
      leave();
    };
  }

  /** @returns when no run is in the session any more. */
  async take(key: Key, why: string): Promise<void> {
    const use = this.uses.get(key);
    use?.lost.abort(why);
    await use?.left;
  }
}
