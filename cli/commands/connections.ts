import type { Command } from 'commander';
import { connectionList } from '../../contracts/api-machines';
import { connection, type connectionBody } from '../../contracts/connections';
import type { z } from 'zod';
import { apiCommand, examples, part, sessionOf } from '../command';
import { CliError, exitCodes, type Shell } from '../shell';
import { table } from '../text';

interface SetOptions {
  machine?: string;
  group?: string;
  gateway?: string;
  cluster?: string;
  whenSessionBlocked?: 'fail' | 'wait';
  user?: string;
  passwordVariable?: string;
}

/** `attendant connections …` */
export function addConnectionCommands(program: Command, shell: Shell): void {
  const connections = program.command('connections').description('connections: where runs go and as whom');

  apiCommand(connections, 'list', 'list the connections').action(async (_options, command: Command) => {
    const session = sessionOf(shell, command);
    const list = await session.api.json(connectionList, { path: 'connections' });
    session.print(list, () =>
      table(
        [
          { title: 'CONNECTION', of: (item) => item.name },
          { title: 'TARGET', of: ({ target }) => ('id' in target ? target.id : target.name) },
          { title: 'CREDENTIAL', of: (item) => (item.hasCredential ? 'stored' : 'none') },
          { title: 'USER', of: (item) => item.user, flexible: true },
        ],
        list.connections,
      ),
    );
  });

  const set = apiCommand(connections, 'set <name>', 'create or change a connection')
    .option(
      '--machine <id>',
      'machine that runs go to (`attendant machines list`); with --group: only this one',
    )
    .option('--group <id>', 'or machine group (`attendant groups list`)')
    .option('--gateway <name>', 'or gateway')
    .option('--cluster <name>', 'or gateway cluster')
    .option('--when-session-blocked <what>', 'a session is in the way: fail (default) or wait')
    .option('--user <account>', 'account of the session; without one, that of the agent')
    .option('--password-variable <name>', 'environment variable that holds the password')
    .action(async (name: string, options: SetOptions, command: Command) => {
      const session = sessionOf(shell, command);
      const body: z.input<typeof connectionBody> = {
        target: targetOf(options),
        ...(options.whenSessionBlocked === undefined
          ? {}
          : { whenSessionBlocked: options.whenSessionBlocked }),
        ...(options.user === undefined ? {} : { user: options.user }),
        ...(options.passwordVariable === undefined
          ? {}
          : { credential: { password: passwordIn(shell, options.passwordVariable) } }),
      };
      const stored = await session.api.json(connection, {
        method: 'PUT',
        path: `connections/${part(name)}`,
        body,
      });
      session.print(stored, () => `${stored.name} is stored.`);
    });
  examples(
    set,
    'attendant connections set office --machine m-01jd0000000000000000000000',
    'PASSWORD=… attendant connections set office --machine m-01jd0000000000000000000000 \\\n      --user CONTOSO\\\\robot --password-variable PASSWORD',
  );
}

type Target = z.input<typeof connectionBody>['target'];

/** One target; a machine together with a group is that machine of the group. */
function targetOf({ machine, group, gateway, cluster }: SetOptions): Target {
  const pinned = machine === undefined ? {} : { pinned: machine };
  const targets: Target[] = [
    ...(machine === undefined || group !== undefined ? [] : [{ kind: 'machine' as const, id: machine }]),
    ...(group === undefined ? [] : [{ kind: 'group' as const, id: group, ...pinned }]),
    ...(gateway === undefined ? [] : [{ kind: 'gateway' as const, name: gateway }]),
    ...(cluster === undefined ? [] : [{ kind: 'cluster' as const, name: cluster }]),
  ];
  const [target] = targets;
  if (target && targets.length === 1) return target;
  throw new CliError('Name one target: --machine, --group, --gateway or --cluster.', {
    exitCode: exitCodes.usage,
  });
}

/** From the environment, because what is written on a command line is seen by every user of the computer. */
function passwordIn(shell: Shell, variable: string): string {
  const password = shell.environment[variable];
  if (password) return password;
  throw new CliError(`The environment variable ${variable} is not set.`, { exitCode: exitCodes.usage });
}
