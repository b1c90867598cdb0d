import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { role as roles, roleTitles, type Role } from '../../contracts/access';
import { readRole } from '../../domain/access/roles';
import { examples } from '../command';
import { dataFolder } from '../endpoint';
import { PeopleFile } from '../people-file';
import { CliError, exitCodes, type Shell } from '../shell';
import { instant, table } from '../text';

interface Options {
  json?: boolean;
  utc?: boolean;
  data?: string;
}

/** `attendant people`: who else has a key of the local host, and as what (row L8). On Azure people sign in, and Entra ID has their roles. */
export function addPeopleCommands(program: Command, shell: Shell): void {
  const people = program
    .command('people')
    .description('people with a key of their own on the host of this computer, and their roles');

  const add = localCommand(people, 'add <name>', 'give somebody a key; it is shown once')
    .requiredOption('--role <role>', Object.values(roleTitles).join(', '))
    .action((name: string, options: Options & { role: string }) => {
      const role = requireRole(options.role);
      const key = fileOf(shell, options).add(name, role, shell.now());
      const text = [
        `${name} may now use Attendant as ${roleTitles[role]}, with this key, which is shown only once:`,
        '',
        `  ${key}`,
        '',
        'For the command line: ATTENDANT_KEY (or --key). For the API: the header x-functions-key.',
      ];
      shell.out(options.json ? JSON.stringify({ name, role, key }) : text.join('\n'));
    });
  examples(
    add,
    'attendant people add ann --role operator',
    'attendant people add front-desk --role run-only',
  );

  localCommand(people, 'list', 'list them')
    .option('--utc', 'show times in UTC')
    .action((options: Options) => {
      const all = fileOf(shell, options).read();
      const shown = all.map(({ name, role, addedAt }) => ({ name, role, addedAt }));
      if (options.json) return shell.out(JSON.stringify({ people: shown }, null, 2));
      const columns = [
        { title: 'NAME', of: ({ name }: { name: string }) => name, flexible: true },
        { title: 'ROLE', of: ({ role }: { role: Role }) => roleTitles[role] },
        { title: 'ADDED', of: ({ addedAt }: { addedAt: string }) => instant(addedAt, options.utc ?? false) },
      ];
      shell.out(table(columns, shown));
    });

  localCommand(people, 'remove <name>', 'take the key away; it opens nothing from then on').action(
    (name: string, options: Options) => {
      fileOf(shell, options).remove(name);
      shell.out(
        options.json ? JSON.stringify({ removed: name }) : `The key of ${name} opens nothing any more.`,
      );
    },
  );
}

/** A command that works on the data folder, with or without a running host. */
function localCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'print the result as JSON')
    .option('--data <folder>', 'data folder of the host (default: .attendant in this folder or above it)');
}

function fileOf(shell: Shell, { data }: Options): PeopleFile {
  const folder = data === undefined ? dataFolder(shell) : resolve(shell.cwd, data);
  if (folder !== undefined && existsSync(join(folder, 'keys.json'))) return new PeopleFile(folder);
  throw new CliError(
    data === undefined
      ? 'There is no installation in this folder or above it.'
      : `${data} is no data folder of an installation.`,
    {
      remedy:
        'Run it in the folder of the product, after the first `npm start`, or name the folder with --data.',
    },
  );
}

function requireRole(text: string): Role {
  const found = readRole(text);
  if (found) return found;
  const known = roles.options.map((one) => roleTitles[one]).join(', ');
  throw new CliError(`"${text}" is no role. There are: ${known}.`, { exitCode: exitCodes.usage });
}
