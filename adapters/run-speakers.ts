import type { AgentEventEnvelope } from '../contracts/agent-protocol';
import type { GrantRef } from '../domain/run-queue/messages';
import { speaksFor } from '../domain/runs/grants';
import { Cache } from './cache';
import type { Ports } from './ports';

/** The grant that an event speaks for, and the queue that gave it. */
export interface Speaker {
  grant: GrantRef;
  queue: string;
}

/**
 * Which machine may speak for which run: the one that it was offered to last. That stands in the run's row; what this process wrote or
 * read last it keeps in memory, and reads the row again when an event names another grant.
 */
export class RunSpeakers {
  private readonly known = new Cache<Speaker>({ entries: 20_000 });

  constructor(private readonly runs: Ports['runs']) {}

  /** To be called before the offer is sent. */
  async appoint({ grant, queue }: Speaker): Promise<void> {
    const { run, machine, fence } = grant;
    await this.runs.record({ run, machine, epoch: fence.epoch, fence: fence.n, queue });
    this.known.set(run, { grant: { run, machine, fence }, queue });
  }

  async find({
    run,
    machine,
    fence,
  }: AgentEventEnvelope): Promise<Speaker | 'unknown run' | 'not its grant'> {
    if (run === undefined || fence === undefined) return 'not its grant';
    const known = this.known.get(run);
    if (known && speaksFor({ machine, fence }, known.grant)) return known;
    const row = await this.runs.get(run);
    if (!row) return 'unknown run';
    if (row.machine === undefined || row.epoch === undefined || row.fence === undefined || !row.queue) {
      return 'not its grant';
    }
    const speaker = {
      grant: { run, machine: row.machine, fence: { epoch: row.epoch, n: row.fence } },
      queue: row.queue,
    };
    this.known.set(run, speaker);
    return speaksFor({ machine, fence }, speaker.grant) ? speaker : 'not its grant';
  }
}
