import type { Command } from 'commander';
import { capacityView, type CapacityView } from '../../contracts/capacity';
import { commandAccepted } from '../../contracts/queues';
import { apiCommand, examples, sessionOf } from '../command';
import { CliError, exitCodes, type Shell } from '../shell';
import { details, table } from '../text';

/** `attendant capacity …` */
export function addCapacityCommands(program: Command, shell: Shell): void {
  const capacity = program.command('capacity').description('unattended bots of the environment');

  apiCommand(capacity, 'show', 'show how many bots there are, are lent and are wanted').action(
    async (_options, command: Command) => {
      const session = sessionOf(shell, command);
      const view = await session.api.json(capacityView, { path: 'capacity' });
      session.print(view, () => capacityText(view));
    },
  );

  const set = apiCommand(capacity, 'set <bots>', 'a number of bots, or unlimited').action(
    async (bots: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const body = { bots: bots === 'unlimited' ? null : wholeNumber(bots) };
      const request = { method: 'PUT', path: 'capacity', body } as const;
      const answer = await session.api.json(capacityView.or(commandAccepted), request);
      session.print(answer, () => ('lent' in answer ? capacityText(answer) : 'Accepted, not done yet.'));
    },
  );
  examples(set, 'attendant capacity set 5', 'attendant capacity set unlimited');
}

/** What is no number would be sent as null, which means unlimited. */
function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new CliError(`"${text}" is neither a whole number nor unlimited.`, { exitCode: exitCodes.usage });
}

function capacityText(view: CapacityView): string {
  const head = details([
    ['bots', view.bots === null ? 'unlimited' : String(view.bots)],
    ['lent', String(view.lent)],
    ['wanted', String(view.wanted)],
    ['utilisation', percent(view.utilisation)],
  ]);
  if (view.days.length === 0) return head;
  const days = table(
    [
      { title: 'DAY', of: (day) => day.day },
      { title: 'PEAK', of: (day) => String(day.peakLent) },
      { title: 'DEMAND', of: (day) => String(day.peakDemand) },
      { title: 'USED', of: (day) => percent(day.utilisation) },
    ],
    view.days,
  );
  return `${head}\n\n${days}`;
}

function percent(share: number | undefined): string | undefined {
  return share === undefined ? undefined : `${Math.round(100 * share)} %`;
}
