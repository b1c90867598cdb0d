/** Where a polled HTTP call has to look again (a 202 with a Location). */
export interface PollHint {
  location: string | undefined;
  retryAfterSeconds: number | undefined;
}

/** A task of a replay: settles once, synchronously, like the tasks of DurableTask.Core's single-threaded scheduler. */
export class ReplayTask {
  private outcome: boolean | undefined;
  private waiters: ((ok: boolean) => void)[] = [];
  poll: PollHint | undefined;

  static settled(): ReplayTask {
    const task = new ReplayTask();
    task.settle(true);
    return task;
  }

  get isSettled(): boolean {
    return this.outcome !== undefined;
  }

  settle(ok: boolean): void {
    if (this.outcome !== undefined) return;
    this.outcome = ok;
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter(ok);
  }

  /** Calls `then` at once when the task is settled already. */
  whenSettled(then: (ok: boolean) => void): void {
    if (this.outcome === undefined) this.waiters.push(then);
    else then(this.outcome);
  }
}

/** Settles when all of `tasks` are; failed when one of them is. */
export function whenAll(tasks: readonly ReplayTask[]): ReplayTask {
  const all = new ReplayTask();
  let left = tasks.length;
  let failed = false;
  if (left === 0) all.settle(true);
  for (const task of tasks) {
    task.whenSettled((ok) => {
      left -= 1;
      failed ||= !ok;
      if (left === 0) all.settle(!failed);
    });
  }
  return all;
}

/** Settles with the first of `tasks`. */
export function whenAny(tasks: readonly ReplayTask[]): ReplayTask {
  const any = new ReplayTask();
  for (const task of tasks) task.whenSettled(() => any.settle(true));
  return any;
}
