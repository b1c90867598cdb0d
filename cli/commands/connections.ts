import type { Command } from 'commander';
import { connectionList } from '../../contracts/api-machines';
import {
  connectionTestView,
  type ConnectionTestView,
  type TestedMember,
} from '../../contracts/connection-test';
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
export function addConnectionCommands(program: Command, shell: Shell, end: (exitCode: number) => void): void {
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

  const test = apiCommand(
    connections,
    'test <name>',
    'ask every machine of a connection whether runs could use its account there',
  ).action(async (name: string, _options, command: Command) => {
    const session = sessionOf(shell, command);
    let view = await session.api.json(connectionTestView, {
      method: 'POST',
      path: `connections/${part(name)}/test`,
    });
    for (let looks = 0; view.status === 'running' && looks < MOST_LOOKS; looks += 1) {
      await shell.pause(LOOK_MS);
      view = await session.api.json(connectionTestView, {
        path: `connections/${part(name)}/tests/${part(view.test)}`,
      });
    }
    session.print(view, () => testText(view));
    end(view.ok ? exitCodes.succeeded : exitCodes.failed);
  });
  examples(test, 'attendant connections test office');
}

/** Between looks at a test that takes longer than its request; after the last, its address is shown. */
const LOOK_MS = 2_000;
const MOST_LOOKS = 30;

/** One line of the table for each machine, and below it what is wrong where, and how to mend it. */
function testText(view: ConnectionTestView): string {
  if (view.status === 'running') return `The test goes on: ${view.links.self}`;
  if (view.error) return `${view.error.message} [${view.error.code}]\n${view.error.remedy}`;
  const lines = view.members.flatMap(({ name, error, note }) =>
    error
      ? [`${name}: ${error.details ?? error.message} [${error.code}]\n  ${error.remedy}`]
      : note === undefined
        ? []
        : [`${name}: ${note}`],
  );
  return [memberTable(view.members), ...lines].join('\n');
}

function memberTable(members: readonly TestedMember[]): string {
  return table(
    [
      { title: 'MACHINE', of: (item) => item.name, flexible: true },
      { title: 'RESULT', of: ({ ok }) => (ok ? 'ok' : 'failed') },
      { title: 'REACHABLE', of: ({ reachable }) => (reachable ? 'yes' : 'no') },
      {
        title: 'USER',
        of: ({ user, userId }) => (userId === undefined ? words[user] : `${words[user]} (${userId})`),
      },
      { title: 'PASSWORD', of: ({ password }) => words[password] },
    ],
    members,
  );
}

const words = {
  known: 'known',
  unknown: 'unknown',
  accepted: 'accepted',
  refused: 'refused',
  notChecked: 'not checked',
} as const;

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
