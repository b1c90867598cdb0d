import type { Command } from 'commander';
import { Argument } from 'commander';
import {
  consoleFlows,
  consoleStarted,
  consoleState,
  consoleTicket,
  notificationMode,
  type ConsoleFlow,
  type ConsoleRun,
  type NotificationMode,
} from '../../contracts/console';
import { AgentError } from '../errors';
import { ConsoleClient } from './console-client';

const LOOK_MS = 300;

interface Options {
  data: string;
  json?: boolean;
}

/** What a person at the machine does there: `flows`, `run-flow`, `console`, `notifications`. */
export function addConsoleCommands(
  program: Command,
  { dataDir, say }: { dataDir: string; say: (line: string) => void },
): void {
  const dataOption = ['--data <folder>', 'folder of the agent', dataDir] as const;

  program
    .command('flows')
    .description('list the desktop flows that can be started on this machine')
    .option('--json', 'machine-readable')
    .option(...dataOption)
    .action(async ({ data, json }: Options) => {
      const client = await ConsoleClient.open(data);
      const { flows } = await client.json(consoleFlows, { method: 'GET', path: 'flows' });
      if (json) return say(JSON.stringify(flows));
      for (const { name, version, description = '' } of flows)
        say([name, version, description].join('  ').trim());
      if (flows.length === 0) say('There is no desktop flow that can be started here.');
    });

  program
    .command('run-flow <flow>')
    .description('start a desktop flow on this machine and wait until it has ended; Ctrl+C stops it')
    .option('--input <name=value>', 'an input, may be repeated', collect, [])
    .option('--json', 'machine-readable')
    .option(...dataOption)
    .action(async (name: string, options: Options & { input: string[] }) => {
      const client = await ConsoleClient.open(options.data);
      const { flows } = await client.json(consoleFlows, { method: 'GET', path: 'flows' });
      const flow = flows.find((known) => known.name === name);
      if (!flow)
        throw new AgentError('DesktopFlowNotFound', `There is no desktop flow "${name}" on this machine.`);
      const body = { flow: name, inputs: inputsOf(options.input, flow) };
      const { run } = await client.json(consoleStarted, { method: 'POST', path: 'runs', body });
      if (!options.json) say('Do not interact with the device while it runs.');
      const ended = await followed(client, run, options.json ? () => undefined : say);
      if (options.json) say(JSON.stringify(ended));
      process.exitCode = ended.state === 'Succeeded' ? 0 : ended.state === 'Stopped' ? 3 : 1;
    });

  program
    .command('console')
    .description('open the page "My flows" of this machine')
    .option('--monitor', 'open the monitoring window instead')
    .option('--print', 'print its address, good once and for a minute, and open nothing')
    .option(...dataOption)
    .action(async ({ data, monitor, print }: Options & { monitor?: boolean; print?: boolean }) => {
      const client = await ConsoleClient.open(data);
      const page = monitor ? '/monitor' : '/';
      if (!print) return void (await client.send({ method: 'POST', path: 'windows', body: { page } }));
      const { ticket } = await client.json(consoleTicket, { method: 'POST', path: 'tickets' });
      say(`${client.url}${page}#${ticket}`);
    });

  program
    .command('notifications')
    .description('show or change how you are told of the runs that you start on this machine')
    .addArgument(
      new Argument('[mode]', 'desktop notifications, the monitoring window, or nothing').choices(
        notificationMode.options,
      ),
    )
    .option(...dataOption)
    .action(async (mode: NotificationMode | undefined, { data }: Options) => {
      const client = await ConsoleClient.open(data);
      if (mode) await client.send({ method: 'PUT', path: 'notifications', body: { mode } });
      say((await client.json(consoleState, { method: 'GET', path: 'state' })).mode);
    });
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

/** Values are read as the flow's schema says: text as it is, everything else as JSON. @throws AgentError InvalidInput. */
function inputsOf(pairs: readonly string[], { inputs }: ConsoleFlow): Record<string, unknown> {
  const properties = (inputs?.['properties'] ?? {}) as Record<string, { type?: unknown } | undefined>;
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new AgentError('InvalidInput', `--input ${pair}: write it as name=value.`);
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      const type = properties[name]?.type ?? 'string';
      if (type === 'string') return [name, value];
      try {
        return [name, JSON.parse(value) as unknown];
      } catch {
        throw new AgentError(
          'InvalidInput',
          `--input ${name}: "${value}" is not of type ${JSON.stringify(type)}.`,
        );
      }
    }),
  );
}

/** Says what changes until the run has ended. */
async function followed(client: ConsoleClient, id: string, say: (line: string) => void): Promise<ConsoleRun> {
  const stop = (): void => {
    void client.send({ method: 'POST', path: `runs/${id}`, body: { what: 'stop' } }).catch(() => undefined);
  };
  process.on('SIGINT', stop);
  try {
    for (let said = ''; ; await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
      const { runs } = await client.json(consoleState, { method: 'GET', path: 'state' });
      const run = runs.find((known) => known.run === id);
      if (!run) throw new AgentError('RunNotFound', `There is no run "${id}".`);
      const line = lineOf(run);
      if (line !== said) say((said = line));
      if (run.endedAt !== undefined) return run;
    }
  } finally {
    process.off('SIGINT', stop);
  }
}

function lineOf({ state, subflow, action, error, endedAt }: ConsoleRun): string {
  if (error && state === 'Failed') return `${state}: ${error.code}: ${error.message}`;
  const place = endedAt ? '' : [subflow, action].filter(Boolean).join(' › ');
  return place ? `${state}: ${place}` : state;
}
