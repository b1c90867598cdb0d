/** Wall-clock time and alarms; handed in, so that tests and an in-process agent can share a virtual clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `fire` once when the clock has reached `atMs`. @returns a function that cancels the call. */
  at(atMs: number, fire: () => void): () => void;
}

/** Node fires longer timers at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Real time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  at: (atMs, fire) => {
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const left = atMs - Date.now();
      const delay = Math.min(Math.max(left, 0), LONGEST_TIMEOUT_MS);
      handle = setTimeout(left > LONGEST_TIMEOUT_MS ? arm : fire, delay);
    };
    arm();
    return () => clearTimeout(handle);
  },
};

/** Milliseconds that only go forward, whatever happens to the wall clock (rule 2 of the run protocol). */
export type Monotonic = () => number;

export const systemMonotonic: Monotonic = () => performance.now();

/** Calls `fire` every `everyMs` until the returned function is called. */
export function every(clock: Clock, everyMs: number, fire: () => void): () => void {
  let cancel: () => void;
  const arm = (): void => {
    cancel = clock.at(clock.now() + everyMs, () => {
      arm();
      fire();
    });
  };
  arm();
  return () => cancel();
}
