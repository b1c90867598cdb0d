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
      why: run.stopping ? 'stopping' : 'running',
    })),
    ...queue.waiting.map((run) => ({
      ...run,
      place: run.next ? 'next' : String(run.position),
      start: run.expectedStart,
      why: run.movedToTop ? `moved to top; ${reasonText(run.reason)}` : reasonText(run.reason),
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

function reasonText({ why }: { why: string }): string {
  return reasons[why] ?? why;
}
