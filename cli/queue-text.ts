import { z } from 'zod';
import type { QueueView } from '../contracts/api-machines';
import { instant, table, WIDTH } from './text';

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
      why: waitText(run, utc),
    })),
  ];
  // Why a run waits is what people look for: it has a line of its own where it does not fit.
  const [title = '', ...lines] = table(
    [
      { title: '#', of: (run) => run.place },
      { title: 'RUN', of: (run) => run.run },
      { title: 'PRIORITY', of: (run) => run.priority },
      { title: 'BY', of: (run) => run.requestedBy },
      { title: 'SINCE', of: (run) => instant(run.requestedAt, utc)?.slice(11) },
      { title: 'START', of: (run) => instant(run.start, utc)?.slice(11) },
    ],
    rows,
  ).split('\n');
  const width = Math.max(title.length, ...lines.map((line) => line.length));
  return [
    `${title.padEnd(width)}  WHY`,
    ...rows.map(({ why }, index) => {
      const line = lines[index] ?? '';
      return width + 2 + why.length <= WIDTH ? `${line.padEnd(width)}  ${why}` : `${line}\n      ${why}`;
    }),
  ].join('\n');
}

function pausedText(
  { by, since }: NonNullable<QueueView['running'][number]['paused']>,
  utc: boolean,
): string {
  return `paused${by === undefined ? '' : ` by ${by}`} since ${instant(since, utc)?.slice(11) ?? ''}`;
}

/** Why it waits, and where nobody knows when it starts, why not. */
function waitText(run: QueueView['waiting'][number], utc: boolean): string {
  const parts = [...(run.movedToTop ? ['moved to top'] : []), reasonText(run.reason, utc)];
  // An obstacle says of itself that its end is unknown.
  if (run.startUnknown !== undefined && run.startUnknown !== 'obstacle') {
    parts.push(`start unknown: ${unknowns[run.startUnknown]}`);
  }
  return parts.join('; ');
}

const unknowns = {
  order: 'in strict order behind a run that cannot start',
  bots: 'no bot is known to come free',
  duration: 'the work before it takes an unknown time',
} as const;

/** What the reasons of a queue name (domain/run-queue/messages.ts). */
const reason = z.object({
  why: z.string(),
  run: z.string().optional(),
  machine: z.string().optional(),
  machines: z.array(z.string()).optional(),
  code: z.string().optional(),
  reason: z.string().optional(),
  untilMs: z.number().optional(),
  paused: z.object({ sinceMs: z.number(), by: z.string().optional() }).optional(),
});

function reasonText(given: { why: string }, utc: boolean): string {
  const { why, run = 'another run', machine = '', ...more } = reason.parse(given);
  switch (why) {
    case 'behind':
      return `behind ${run}`;
    case 'machineBusy': {
      const { paused } = more;
      if (!paused) return `the machine is busy with ${run}`;
      const since = new Date(paused.sinceMs).toISOString();
      return `the machine's run is ${pausedText({ by: paused.by, since }, utc)}`;
    }
    case 'userBusy':
      return `its user is busy with ${run}`;
    case 'offline':
      return (more.machines ?? []).length > 1 ? 'the machines are offline' : 'the machine is offline';
    case 'maintenance':
      return 'maintenance';
    case 'noMachine':
      return 'no machine in the queue';
    case 'noBot':
      return 'no unattended bot is free';
    case 'sessionBlocked':
      return `a session on ${machine} is in the way: ${more.code ?? ''}`;
    case 'machineMoving':
      return 'the machine is moving';
    case 'refused': {
      const until = more.untilMs === undefined ? '' : instant(new Date(more.untilMs).toISOString(), utc);
      return `${machine} gave it back (${more.reason ?? ''}), again at ${until?.slice(11) ?? ''}`;
    }
    default:
      return why;
  }
}
