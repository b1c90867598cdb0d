import { Cache } from '../../adapters/cache';
import type { Ports } from '../../adapters/ports';

/** Row H3 counts hours: writing a run's last word every few minutes is exact enough. */
const WRITES_PER_SILENCE = 36;

/** Keeps when each run was last heard of. The queue watch reads it; until the first write the time of the grant counts. */
export function createLastHeard({ runs, settings, now }: Pick<Ports, 'runs' | 'settings' | 'now'>): {
  heard(run: string): Promise<void>;
} {
  const everyMs = settings.silenceMs / WRITES_PER_SILENCE;
  const written = new Cache<number>({ entries: 20_000 });
  return {
    async heard(run) {
      const nowMs = now();
      const lastMs = written.get(run);
      if (lastMs !== undefined && nowMs - lastMs < everyMs) return;
      written.set(run, nowMs);
      if (lastMs !== undefined) await runs.record({ run, heardMs: nowMs });
    },
  };
}
