import { z } from 'zod';
import type { QueueView } from '../contracts/api-machines';
import { instant, table } from './text';

/** The order of execution for people (rows F2, F4). */
export function queueText(queue: QueueView, { utc }: { utc: boolean }): string {
  if (queue.running.length + queue.waiting.length === 0) return 'Nothing runs and nothing waits.';
  const rows = [
    ...queue.running.map((run) => ({
      ...run,
      place: 'now',
      start: run.grantedAt,
      why: run.stopping ? 'stopping' : run.paused ? pausedText(run.paused, utc) : 'running',
    })),
    ...queue.waiting.map((run) => ({
      ...run,
      place: run.next ? 'next' : String(run.position),
      start: run.expectedStart,
      why: run.movedToTop ? `moved to top; ${reasonText(run.reason, utc)}` : reasonText(run.reason, utc),
    })),
  ];
  return table(
    [
      { title: '#', of: (run) => run.place },
      { title: 'RUN', of: (run) => run.run },
      { title: 'PRIORITY', of: (run) => run.priority },
      { title: 'SINCE', of: (run) => instant(run.requestedAt, utc)?.slice(11) },
      { title: 'START', of: (run) => instant(run.start, utc)?.slice(11) },
      { title: 'WHY', of: (run) => run.why, flexible: true },
    ],
    rows,
  );
}

function pausedText(
  { by, since }: NonNullable<QueueView['running'][number]['paused']>,
  utc: boolean,
): string {
  return `paused${by === undefined ? '' : ` by ${by}`} since ${instant(since, utc)?.slice(11) ?? ''}`;
}

const reasons: Record<string, string> = {
  behind: 'behind another run',
  machineBusy: 'the machine is busy',
  userBusy: 'its user is busy',
  offline: 'the machine is offline',
  maintenance: 'maintenance',
  noMachine: 'no machine in the queue',
  noBot: 'no unattended bot is free',
  sessionBlocked: 'the session is blocked',
  machineMoving: 'the machine is moving',
  refused: 'the machine gave it back',
};

const heldByPaused = z.object({
  why: z.literal('machineBusy'),
  paused: z.object({ sinceMs: z.number(), by: z.string().optional() }),
});

function reasonText(reason: { why: string }, utc: boolean): string {
  const held = heldByPaused.safeParse(reason);
  if (!held.success) return reasons[reason.why] ?? reason.why;
  const { by, sinceMs } = held.data.paused;
  return `the machine's run is ${pausedText({ by, since: new Date(sinceMs).toISOString() }, utc)}`;
}
