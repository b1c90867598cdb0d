import { setTimeout as pause } from 'node:timers/promises';
import type { AgentEventEnvelope } from '../contracts/agent-protocol';
import type { GrantRef } from '../domain/run-queue/messages';
import { speaksFor } from '../domain/runs/grants';
import { Cache } from './cache';
import type { Ports, RunRow } from './ports';

/** The grant that an event speaks for, and the queue that gave it. */
export interface Speaker {
  grant: GrantRef;
  queue: string;
}

/** An answer that has overtaken the row which names its grant is looked at again after so long (ms of real time). */
const LOOK_AGAIN_MS = 300;

/**
 * Which machine may speak for which run: the one that it was offered to last. That stands in the run's row; what this process wrote or
 * read last it keeps in memory, and reads the row again when an event names another grant.
 */
export class RunSpeakers {
  private readonly known = new Cache<Speaker>({ entries: 20_000 });

  constructor(private readonly ports: Pick<Ports, 'runs'>) {}

  /** To be called before the offer is sent; that need not wait for the row. */
  appoint({ grant, queue }: Speaker): Promise<void> {
    const { run, machine, fence } = grant;
    this.known.set(run, { grant: { run, machine, fence }, queue });
    return this.ports.runs.record({ run, machine, epoch: fence.epoch, fence: fence.n, queue });
  }

  async find({
    run,
    machine,
    fence,
  }: AgentEventEnvelope): Promise<Speaker | 'unknown run' | 'not its grant'> {
    if (run === undefined || fence === undefined) return 'not its grant';
    const known = this.known.get(run);
    if (known && speaksFor({ machine, fence }, known.grant)) return known;
    for (let look = 1; ; look += 1) {
      const row = await this.ports.runs.get(run);
      if (!row) return 'unknown run';
      const speaker = speakerOf(row);
      if (speaker && speaksFor({ machine, fence }, speaker.grant)) {
        this.known.set(run, speaker);
        return speaker;
      }
      const isLate = speaker !== undefined && speaker.grant.fence.n >= fence.n;
      if (isLate || look === 2) return 'not its grant';
      await pause(LOOK_AGAIN_MS);
    }
  }
}

function speakerOf({ run, machine, epoch, fence: n, queue }: RunRow): Speaker | undefined {
  if (machine === undefined || epoch === undefined || n === undefined || !queue) return undefined;
  return { grant: { run, machine, fence: { epoch, n } }, queue };
}
