import { Option, type Command } from 'commander';
import { planningView, type PlanningView } from '../../contracts/planning';
import { apiCommand, examples, sessionOf } from '../command';
import type { Shell } from '../shell';
import { instant, table } from '../text';

type Queue = PlanningView['queues'][number];

/** `attendant planning` (row H4) */
export function addPlanningCommand(program: Command, shell: Shell): void {
  const planning = apiCommand(program, 'planning', 'show the load that schedules put on machines and groups')
    .option('--from <instant>', 'first hour (default: the one that has begun)')
    .addOption(new Option('--hours <n>', 'how many hours').default('24'))
    .action(async (options: { from?: string; hours: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const query = new URLSearchParams({
        hours: options.hours,
        ...(options.from ? { from: options.from } : {}),
      });
      const view = await session.api.json(planningView, { path: `planning?${query.toString()}` });
      session.print(view, () => planningText(view, session.utc));
    });
  examples(planning, 'attendant planning', 'attendant planning --from 2026-03-02T00:00:00Z --hours 48');
}

function planningText(view: PlanningView, utc: boolean): string {
  if (view.queues.length === 0) return 'No schedule starts a desktop flow in this time.';
  const parts = view.queues.map((queue) => queueText(queue, utc));
  const missing = view.unplanned.map(({ flow, action, why }) => `  ${flow}/${action}: ${why}`);
  return [...parts, ...(missing.length > 0 ? [`Not (wholly) counted:\n${missing.join('\n')}`] : [])].join(
    '\n\n',
  );
}

function queueText({ name, machines, hours, quietest }: Queue, utc: boolean): string {
  const busy = hours.filter(({ flows }) => flows.length > 0);
  const rows = table(
    [
      { title: 'HOUR', of: (hour) => instant(hour.at, utc) },
      { title: 'BUSY', of: (hour) => `${hour.busyMinutes} of ${hour.capacityMinutes} min` },
      { title: '', of: (hour) => (hour.overbooked ? 'OVERBOOKED' : '') },
      { title: 'FLOWS', of: ({ flows }) => flows.map(({ flow, starts }) => `${flow} ×${starts}`).join(', ') },
    ],
    busy,
  );
  const over = busy.some(({ overbooked }) => overbooked);
  const hint = over ? `\nMost time left: ${quietest.map((at) => instant(at, utc)).join(', ')}` : '';
  return `${name} (${machines === 1 ? '1 machine' : `${machines} machines`})\n${rows}${hint}`;
}
