import type { Command } from 'commander';
import { CliError, exitCodes } from './shell';

/** Options that machines and groups have in common ("Edit details"). */
export interface EditOptions {
  reuseSession?: string;
  strictOrder?: string;
  maxEntries?: string;
  queueTimeout?: string;
}

export function editOptions(command: Command): Command {
  return command
    .option('--reuse-session <on|off>', "run in the user's existing Windows session")
    .option('--strict-order <on|off>', 'a run that cannot start holds up those behind it')
    .option('--max-entries <n>', 'length of the queue, at most 2000')
    .option(
      '--queue-timeout <duration>',
      'how long a run waits at most, such as PT6H; default: as the environment has it',
    );
}

export function editedSettings({ reuseSession, strictOrder, maxEntries, queueTimeout }: EditOptions) {
  return {
    ...(reuseSession === undefined ? {} : { reuseSession: onOff(reuseSession) }),
    ...(strictOrder === undefined ? {} : { strictOrder: onOff(strictOrder) }),
    ...(maxEntries === undefined ? {} : { maxEntries: Number(maxEntries) }),
    ...(queueTimeout === undefined ? {} : { queueTimeout: queueTimeout === 'default' ? null : queueTimeout }),
  };
}

/** @throws CliError for anything but on and off. */
export function onOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new CliError(`"${text}" is neither on nor off.`, { exitCode: exitCodes.usage });
}
