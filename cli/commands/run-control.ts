import { Option, type Command } from 'commander';
import { stopMode, type StopMode } from '../../contracts/agent-protocol';
import { controlAccepted } from '../../contracts/api-runs';
import { apiCommand, examples, part, sessionOf } from '../command';
import type { Shell } from '../shell';

/** `attendant runs pause | resume | stop` (row A7) */
export function addControlCommands(runs: Command, shell: Shell): void {
  const freezing = { pause: 'freeze the processes of a run', resume: 'let a paused run go on' } as const;
  for (const what of ['pause', 'resume'] as const) {
    apiCommand(runs, `${what} <run>`, `${freezing[what]}; of a cloud-flow run: of all that execute`).action(
      async (run: string, _options, command: Command) => {
        const session = sessionOf(shell, command);
        const told = await session.api.json(controlAccepted, {
          method: 'POST',
          path: `runs/${part(run)}/${what}`,
          body: {},
        });
        session.print(
          told,
          () => `${told.runs.join(', ')} ${told.runs.length > 1 ? 'are' : 'is'} asked to ${what}.`,
        );
      },
    );
  }

  const mode = new Option(
    '--mode <mode>',
    'checkpoint: when the flow is ready; ask: or after the grace time; kill: now',
  )
    .choices(stopMode.options)
    .default('ask');
  const stop = apiCommand(runs, 'stop <run>', 'end a run, queued or running')
    .addOption(mode)
    .option('--reason <text>', 'shown with the run')
    .action(async (run: string, options: { mode: StopMode; reason?: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const told = await session.api.json(controlAccepted, {
        method: 'POST',
        path: `runs/${part(run)}/stop`,
        body: options,
      });
      session.print(told, () => `${run} is asked to stop (${options.mode}).`);
    });
  examples(stop, 'attendant runs stop 01JD0000000000000000000000 --mode checkpoint');
}
