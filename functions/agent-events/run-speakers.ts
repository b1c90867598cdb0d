import { Cache } from '../../adapters/cache';
import type { Ports } from '../../adapters/ports';
import type { AgentEventEnvelope } from '../../contracts/agent-protocol';
import type { GrantRef } from '../../domain/run-queue/messages';
import { grantKey, speaksFor } from '../../domain/runs/grants';

/** The grant that an event speaks for, and the queue that gave it. */
export interface Speaker {
  grant: GrantRef;
  queue: string;
}

/** Which machine may speak for which run: the row that was written when the run was offered. Kept in memory by grant. */
export function createSpeakers({ runs }: Pick<Ports, 'runs'>): {
  find(envelope: AgentEventEnvelope): Promise<Speaker | 'unknown run' | 'not its grant'>;
} {
  const known = new Cache<Speaker>({ entries: 20_000 });
  return {
    async find({ run, machine, fence }) {
      if (run === undefined || fence === undefined) return 'not its grant';
      const key = `${run}:${grantKey({ run, machine, fence })}`;
      const cached = known.get(key);
      if (cached) return cached;
      const row = await runs.get(run);
      if (!row) return 'unknown run';
      if (row.machine === undefined || row.epoch === undefined || row.fence === undefined || !row.queue) {
        return 'not its grant';
      }
      const grant = { run, machine: row.machine, fence: { epoch: row.epoch, n: row.fence } };
      if (!speaksFor({ machine, fence }, grant)) return 'not its grant';
      const speaker = { grant, queue: row.queue };
      known.set(key, speaker);
      return speaker;
    },
  };
}
