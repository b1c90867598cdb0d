#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander';
import { addConsoleCommands } from './cli/console-commands';
import { networkOf, networkOptions, type NetworkFlags } from './cli/network-options';
import { addOperationCommands, sessionOption } from './cli/operation-commands';
import { defaultDataFolder, loadSettings } from './cli/settings';
import { addSessionCommands } from './cli/session-commands';
import { readStatus } from './cli/status';
import { consoleFolder } from './console/folders';
import { linuxUsers, ownUser } from './console/users';
import { AgentError, messageOf } from './errors';
import { register } from './listener/register';
import { startAgent } from './listener/start-agent';
import { installationOf, readRegistered } from './identity/identity';
import { consoleLog } from './log';
import { rotatingLog } from './rotating-log';
import { chooseSessionKind, sessionPort, type SessionKind } from './session/choose';
import { ScenarioError } from './simulate/scenario';
import { addSimulateCommand } from './simulate/command';
import { AGENT_VERSION } from './version';

/** EX_CONFIG of sysexits.h: starting again changes nothing until a person acts. */
const EXIT_CONFIGURATION = 78;

const defaultDataDir = defaultDataFolder();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface RunOptions extends NetworkFlags {
  url?: string;
  data: string;
  session: SessionKind;
  maxSessions?: number;
  screen?: string;
  allowElevated?: boolean;
  logFile?: string;
  console: boolean;
  consolePort: number;
}

interface RegisterOptions extends NetworkFlags {
  url: string;
  token: string;
  name: string;
  again?: boolean;
  data: string;
}

function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('A number from 1 on.');
  return Number(text);
}

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('A port number.');
  return Number(text);
}

function screenSize(text: string): string {
  if (!/^[1-9]\d{2,3}x[1-9]\d{2,3}$/.test(text))
    throw new InvalidArgumentError('Width x height, as 1280x800.');
  return text;
}

async function readToken(token: string): Promise<string> {
  if (token !== '-') return token;
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text.trim();
}

// Whoever read our lines may be gone; that must not end the runs.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const program = new Command('attendant-agent')
  .description('Runs desktop flows on this computer for an Attendant control plane.')
  .version(AGENT_VERSION);
const dataOption = ['--data <folder>', 'folder of the agent', defaultDataDir] as const;

networkOptions(program.command('register'))
  .description('make this computer a machine of the control plane')
  .requiredOption('--url <address>', 'address of the control plane')
  .requiredOption('--token <token>', 'one-time token; - reads it from standard input')
  .requiredOption('--name <name>', 'name of the machine')
  .option('--again', 'register a folder anew that already holds a machine')
  .option(...dataOption)
  .action(async (options: RegisterOptions) => {
    const token = await readToken(options.token);
    const { url, name, again = false, data: dataDir } = options;
    const { fetch } = networkOf(options);
    const identity = await register({ url, token, name, again, dataDir, fetch });
    say(`Registered ${identity.name} as ${identity.machine} at ${identity.url}.`);
  });

networkOptions(program.command('run'))
  .description('run the agent in the foreground')
  .option('--url <address>', 'address of the control plane, if it has changed')
  .option('--allow-elevated', 'execute runs even where they have the privileges of an administrator')
  .option(...dataOption)
  .addOption(sessionOption())
  .option('--max-sessions <number>', 'sessions at once', atLeastOne)
  .option('--log-file <file>', 'write the log there, 5 files of 10 MB; default: standard error')
  .option('--no-console', 'without the page "My flows" and notifications')
  .option('--console-port <port>', 'port of the page; 0: any free one', portNumber, 0)
  .option('--screen <size>', 'size of the screens of unattended runs, as 1280x800', screenSize)
  .action(async (options: RunOptions) => {
    const log = consoleLog(
      options.logFile === undefined ? undefined : rotatingLog({ file: options.logFile }),
    );
    const { url, data: dataDir, maxSessions, screen, allowElevated = false } = options;
    await readRegistered(dataDir);
    const { kind, why } = chooseSessionKind(options.session);
    log.info(`Runs get ${kind === 'own' ? "the agent's own session" : "their users' sessions"}: ${why}.`);
    const parts = { dataDir, installation: installationOf(dataDir), log, maxSessions, screen };
    const session = sessionPort(kind, parts);
    const people = {
      port: options.consolePort,
      folder: consoleFolder(dataDir, kind),
      users: kind === 'linux' ? linuxUsers() : ownUser(),
    };
    const agent = await startAgent({
      dataDir,
      log,
      session,
      allowElevated,
      ...networkOf(options),
      ...(options.console ? { console: people } : {}),
      ...(url ? { url } : {}),
    });
    log.info(`Agent of ${agent.machine} runs with pid ${process.pid} on ${dataDir}.`);
    const signal = await new Promise<string>((resolve) => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve(name));
    });
    log.info(`${signal}: the agent stops.`);
    await agent.stop();
    process.exit(0);
  });

program
  .command('status')
  .description('show what the agent on this folder is doing')
  .option('--json', 'machine-readable')
  .option(...dataOption)
  .action(async (options: { data: string; json?: boolean }) => {
    const status = await readStatus(options.data);
    say(options.json ? JSON.stringify(status.fields) : status.text);
    process.exitCode = status.works ? 0 : 1;
  });

addOperationCommands(program, { dataDir: defaultDataDir, say });
addSessionCommands(program, { dataDir: defaultDataDir, say });
addConsoleCommands(program, { dataDir: defaultDataDir, say });
addSimulateCommand(program, { dataDir: defaultDataDir });

// For the service and for people alike.
program.hook('preAction', (_, command) => {
  const { data } = command.opts<{ data?: string }>();
  if (data !== undefined) loadSettings(data);
});

program.parseAsync().catch((error: unknown) => {
  if (error instanceof ScenarioError) {
    process.stderr.write(`The scenario cannot be read.\n${error.message}\n`);
    process.exit(2);
  }
  const known = error instanceof AgentError;
  process.stderr.write(
    known ? `${error.code}: ${error.message}\n${error.remedy}\n` : `Unexpected error: ${messageOf(error)}\n`,
  );
  const configuration = [
    'NotRegistered',
    'DataFolderInUse',
    'DataFolderUnusable',
    'UnsupportedOs',
    'SessionKindNotPossible',
    'SettingInvalid',
  ];
  process.exit(known && configuration.includes(error.code) ? EXIT_CONFIGURATION : 1);
});
