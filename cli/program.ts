import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { addAuditCommand } from './commands/audit';
import { addCapacityCommands } from './commands/capacity';
import { addPlanningCommand } from './commands/planning';
import { addPeopleCommands } from './commands/people';
import { addProcessCommands } from './commands/processes';
import { addConnectionCommands } from './commands/connections';
import { addDesktopFlowCommands } from './commands/desktop-flows';
import { addFlowCommands } from './commands/flows';
import { addGatewayCommands } from './commands/gateways';
import { addGroupCommands } from './commands/groups';
import { addMachineCommands } from './commands/machines';
import { addQueueCommands } from './commands/queue';
import { addRunCommands } from './commands/runs';
import { addSubscriptionCommands } from './commands/subscriptions';
import { addEventSourceCommands, addScheduleCommands } from './commands/triggers';
import { installationKey } from './endpoint';
import { CliError, exitCodes, type Shell } from './shell';

/** Runs one command line (without the program's own name). @returns the exit code. */
export async function runCommandLine(shell: Shell, args: string[]): Promise<number> {
  let exitCode: number = exitCodes.succeeded;
  const program = createProgram(shell, (code) => (exitCode = code));
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (cause) {
    return explain(shell, cause, args.includes('--json'));
  }
}

function createProgram(shell: Shell, end: (exitCode: number) => void): Command {
  const program = new Command('attendant')
    .description('Runs attended and unattended desktop automation on your machines.')
    .version(version())
    .configureOutput({
      writeOut: (text) => shell.out(text.trimEnd()),
      writeErr: (text) => shell.err(text.trimEnd()),
    })
    .exitOverride()
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  $ attendant flows run process-invoices --input csv=@invoices.csv --wait',
        '  $ attendant runs list --status Failed --since 2h',
        '  $ attendant runs logs <run> --follow',
        '',
        'Exit codes: 0 succeeded, 1 failed, 2 wrong use, 3 run cancelled, 4 run timed out, 5 no host answers.',
      ].join('\n'),
    );
  addFlowCommands(program, shell, end);
  addScheduleCommands(program, shell);
  addEventSourceCommands(program, shell);
  addRunCommands(program, shell);
  addDesktopFlowCommands(program, shell);
  addMachineCommands(program, shell);
  addConnectionCommands(program, shell, end);
  addQueueCommands(program, shell);
  addGroupCommands(program, shell);
  addGatewayCommands(program, shell);
  addCapacityCommands(program, shell);
  addSubscriptionCommands(program, shell);
  addPlanningCommand(program, shell);
  addProcessCommands(program, shell);
  addAuditCommand(program, shell);
  addPeopleCommands(program, shell);
  addKeyCommand(program, shell);
  addLauncherCommands(program, shell, end);
  addAgentCommand(program, shell, end);
  return withExitOverride(program);
}

function addKeyCommand(program: Command, shell: Shell): void {
  program
    .command('key')
    .description('print the key of the installation in this folder')
    .option('--json', 'print the result as JSON')
    .action((options: { json?: boolean }) => {
      const key = installationKey(shell);
      if (key === undefined) {
        throw new CliError('There is no installation in this folder or above it.', {
          remedy: 'Run it in the folder of the product, after the first `npm start`.',
        });
      }
      shell.out(options.json ? JSON.stringify({ key }) : key);
    });
}

/** Commands that bring up the host are the launcher's: it is started as it is by `npm start`. */
function addLauncherCommands(program: Command, shell: Shell, end: (exitCode: number) => void): void {
  const commands = {
    start: 'bring up host, broker, tables and an agent on this computer (as `npm start`)',
    demo: 'run the invoice example on a CSV file and print its result',
  };
  for (const [name, description] of Object.entries(commands)) {
    program
      .command(name)
      .description(description)
      .argument('[args...]')
      .allowUnknownOption()
      .helpOption(false)
      .action(async (args: string[]) => {
        const script = join(productRoot(), 'dist/local/main.js');
        end(await shell.run(script, [name, ...args]));
      });
  }
}

/** `attendant agent …` is the agent's own command line; `run <flow>` is what people at a machine say for its `run-flow`. */
function addAgentCommand(program: Command, shell: Shell, end: (exitCode: number) => void): void {
  program
    .command('agent')
    .description('the agent of this machine: run <flow>, flows, console, notifications, status, doctor')
    .argument('[args...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => {
      const [first, second] = args;
      const runsFlow = first === 'run' && second !== undefined && !second.startsWith('-');
      const given = runsFlow ? ['run-flow', ...args.slice(1)] : args;
      end(await shell.run(join(productRoot(), 'dist/agent/main.js'), given));
    });
}

/** Subcommands inherit the override only when it is set before they are made; so it is set for each. */
function withExitOverride(command: Command): Command {
  for (const child of command.commands) withExitOverride(child);
  return command.exitOverride();
}

function explain(shell: Shell, cause: unknown, json: boolean): number {
  // Commander has already written what is wrong, or the help that was asked for.
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? exitCodes.succeeded : exitCodes.usage;
  if (!(cause instanceof CliError)) throw cause;
  const { remedy, problem, exitCode = exitCodes.failed } = cause.more;
  if (json) {
    shell.err(
      JSON.stringify(problem ?? { message: cause.message, ...(remedy === undefined ? {} : { remedy }) }),
    );
  } else {
    shell.err(cause.message);
    if (remedy !== undefined) shell.err(remedy);
  }
  return exitCode;
}

/** The product's folder: the one with host.json, above dist/cli or cli. */
function productRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'host.json'))) return folder;
    if (folder === dirname(folder))
      throw new CliError('host.json is missing: this installation is incomplete.');
  }
}

function version(): string {
  const path = join(productRoot(), 'package.json');
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path, 'utf8'))).version;
}
