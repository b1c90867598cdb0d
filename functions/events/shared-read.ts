/**
 * Makes one read serve all who ask while another is under way: in a storm of requests there are never two at the same time. Nobody gets an
 * answer that is older than the question: who asks during a read waits for the next one.
 */
export function sharedRead<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;

  const begin = (): Promise<T> => {
    const begun = read().finally(() => {
      if (running === begun) running = undefined;
    });
    running = begun;
    return begun;
  };

  return () => {
    if (!running) return begin();
    next ??= running.then(later, later);
    return next;
  };

  function later(): Promise<T> {
    next = undefined;
    return begin();
  }
}
