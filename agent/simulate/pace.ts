import { setTimeout as sleep } from 'node:timers/promises';

/** How time goes by for simulated machines. */
export interface Pace {
  /** @returns after `ms` of simulated time, or at once when `signal` says so; never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Real time, `speed` times as fast. */
export function realPace(speed = 1): Pace {
  return {
    wait: (ms, signal) => sleep(ms / speed, undefined, signal ? { signal } : {}).catch(() => undefined),
  };
}
