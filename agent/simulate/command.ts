import { readFileSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { issuedToken } from '../../contracts/api-machines';
import { AgentError, messageOf } from '../errors';
import { consoleLog } from '../log';
import { Fleet } from './fleet';
import { realPace } from './pace';
import { readScenario } from './scenario';

interface SimulateOptions {
  url: string;
  tokenFile?: string;
  keyFile?: string;
  data: string;
  speed: number;
  once?: boolean;
  verbose?: boolean;
}

/** Adds `attendant-agent simulate <scenario>`. */
export function addSimulateCommand(program: Command, options: { dataDir: string }): void {
  program
    .command('simulate')
    .description('play a fleet of simulated machines, each with a real agent')
    .argument('<scenario>', 'YAML file: machines, timeline, runs (docs/fleet.md)')
    .requiredOption('--url <address>', 'address of the control plane')
    .option('--token-file <file>', 'registration tokens, one a line; - reads standard input')
    .option('--key-file <file>', "owner's key to make the tokens with; - reads standard input")
    .option('--data <folder>', 'folder of the fleet', path.join(options.dataDir, 'fleet'))
    .option('--speed <factor>', 'how much faster than real time', positive, 1)
    .option('--once', 'end when the timeline is over')
    .option('--verbose', 'show the logs of the agents')
    .action((scenario: string, given: SimulateOptions) => simulate(scenario, given));
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000)) throw new InvalidArgumentError('give a number over 0, at most 1000');
  return value;
}

async function simulate(file: string, options: SimulateOptions): Promise<void> {
  const scenario = readScenario(readFileSync(file, 'utf8'));
  const began = performance.now();
  const say = (machine: string, text: string): void => {
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    process.stdout.write(`${seconds.padStart(6)} s  ${machine}: ${text}\n`);
  };
  const fleet = await Fleet.start({
    scenario,
    url: options.url,
    dataDir: options.data,
    token: tokenSource(options),
    pace: realPace(options.speed),
    say,
    ...(options.verbose ? { log: consoleLog() } : {}),
  });
  for (const { name, id } of fleet.machines) say(name, `is ${id}`);
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const played = fleet.play().then(() => {
    process.stdout.write('The timeline is over.\n');
    return options.once ? undefined : interrupted;
  });
  await Promise.race([interrupted, played]);
  await fleet.stop();
  process.exit(0);
}

/** @returns a function that gives one token after the other. */
function tokenSource({ url, tokenFile, keyFile }: SimulateOptions): () => Promise<string> {
  const read = (file: string): string => readFileSync(file === '-' ? 0 : file, 'utf8').trim();
  if (keyFile !== undefined) {
    const key = read(keyFile);
    return () => makeToken(url, key);
  }
  const tokens = tokenFile === undefined ? [] : read(tokenFile).split(/\s+/).filter(Boolean);
  return async () => {
    const token = tokens.shift();
    if (token === undefined) {
      throw new AgentError('RegistrationTokenInvalid', 'There are fewer tokens than machines to register.', {
        remedy: 'Give --token-file with one token a machine, or --key-file with an owner’s key.',
      });
    }
    return token;
  };
}

/** A one-time token, made with an owner's key. @throws AgentError HostUnreachable, Unauthorized. */
async function makeToken(url: string, key: string): Promise<string> {
  const headers = { 'x-functions-key': key, 'content-type': 'application/json' };
  let response: Response;
  try {
    response = await fetch(new URL('/api/registration-tokens', url), { method: 'POST', headers, body: '{}' });
  } catch (error) {
    throw new AgentError('HostUnreachable', `${url} cannot be reached: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (!response.ok)
    throw new AgentError('Unauthorized', `${url} made no token: it answered ${response.status}.`);
  return issuedToken.parse(await response.json()).token;
}
